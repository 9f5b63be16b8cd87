import { OAuthError } from './oauth-error.ts';

/** A request to an endpoint of the token service. */
export interface TokenRequest {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** By lower-case name. A header that came twice is joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as text. */
  readonly form: string;
  /** The client's certificate chain as the TLS connection showed it, DER, leaf first. */
  readonly certificates: readonly Uint8Array[];
}

/** The longest body in bytes. */
export const longestForm = 65_536;
const mostParameters = 64;

/**
 * The parameters of a form (RFC 6749, 3.2), each given once; one without a value counts as left out.
 *
 * @throws OAuthError `invalid_request`.
 */
export function parameters({ headers, form }: TokenRequest): ReadonlyMap<string, string> {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    throw new OAuthError('invalid_request', 'send `application/x-www-form-urlencoded`');
  }
  if (form.length > longestForm || Buffer.byteLength(form) > longestForm) {
    const message = `the body has more than ${longestForm} bytes; send less`;
    throw new OAuthError('invalid_request', message, undefined, 'too_large');
  }
  const found = new Map<string, string>();
  const names = new Set<string>();
  for (const [name, value] of new URLSearchParams(form)) {
    if (names.has(name)) throw new OAuthError('invalid_request', 'a parameter is given twice');
    names.add(name);
    if (names.size > mostParameters) {
      throw new OAuthError('invalid_request', `more than ${mostParameters} parameters`);
    }
    if (value !== '') found.set(name, value);
  }
  return found;
}

/** @throws OAuthError `invalid_request` when it is missing. */
export function needed(form: ReadonlyMap<string, string>, name: string): string {
  const value = form.get(name);
  if (value !== undefined) return value;
  throw new OAuthError('invalid_request', `\`${name}\` is missing`);
}
