import { decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import { isRecordable } from '../delegation.ts';
import { fingerprint } from '../static-key.ts';
import type { KeySet } from './key-set.ts';
import { isPlainText } from './plain-text.ts';
import { refused, shown } from './refusal.ts';

/** Where keys come from: what is known, and what can be had anew for an unknown `kid`. */
export interface KeySource {
  current(): Promise<KeySet>;
  renewed(): Promise<KeySet>;
}

/** What a kind of token must be like. */
export interface TokenRules {
  readonly keys: KeySource;
  readonly algorithms: readonly string[];
  /** Values of `typ`; undefined: it may be absent. */
  readonly types: readonly (string | undefined)[];
  readonly kidRequired: boolean;
  readonly issuer?: string;
  readonly audience: string;
  readonly required: readonly string[];
  /** Unix time in milliseconds. */
  readonly now: number;
}

/**
 * Asymmetric signatures only: whoever may verify a symmetric one can forge it (RFC 8725,
 * section 3.1). These are what SPIFFE allows (JWT-SVID, section 2.1).
 */
export const svidAlgorithms = ['RS', 'ES', 'PS'].flatMap((family) =>
  ['256', '384', '512'].map((size) => family + size),
);
export const issuerAlgorithms = [...svidAlgorithms, 'EdDSA', 'Ed25519'];

/** What clocks may differ by. */
export const leewaySeconds = 5;
const longestToken = 16_384;

/** The claims of a token that follows the rules. @throws GatehouseError `unauthenticated` */
export async function verifiedClaims(token: string, rules: TokenRules): Promise<JWTPayload> {
  if (token.length > longestToken) throw refused(`it is longer than ${longestToken} characters`);
  // All that needs no key comes first, so that garbage fetches none.
  const { alg, kid } = checkedHeader(token, rules);
  const { keys, algorithms, issuer, audience, required, now } = rules;
  let key = await (await keys.current()).find(kid, alg);
  if (key === null && kid !== undefined) key = await (await keys.renewed()).find(kid, alg);
  if (key === null) throw refused('it is signed with a key that its issuer does not publish');
  let payload: JWTPayload;
  try {
    const answer = await jwtVerify(token, key, {
      algorithms: [...algorithms],
      ...(issuer === undefined ? {} : { issuer }),
      audience,
      clockTolerance: leewaySeconds,
      currentDate: new Date(now),
      requiredClaims: [...required],
    });
    payload = answer.payload;
  } catch (cause) {
    throw refused(whyNot(cause), cause);
  }
  checkTimes(payload, now);
  return payload;
}

/**
 * What a token is called in the record and in revocations: its `jti` under its issuer's mark, so that
 * no issuer can give a token the name of another's, or of one of ours. Without a `jti` that the
 * record can hold it is a digest of all but the signature, which others can write differently.
 */
export function tokenId(token: string, issuer: string, { jti }: JWTPayload): string {
  if (typeof jti === 'string') {
    const id = markedId(issuer, jti);
    if (isRecordable(id)) return id;
  }
  return fingerprint(token.slice(0, token.lastIndexOf('.')));
}

/** An id of that issuer, such as `3f1c0a52b7d9.job-1`. */
export function markedId(issuer: string, id: string): string {
  return `${fingerprint(issuer).slice(0, 12)}.${id}`;
}

/** A claim that is a text on one line. @throws GatehouseError `unauthenticated` */
export function textClaim(payload: JWTPayload, name: string, longest: number): string {
  const value = payload[name];
  if (isPlainText(value, longest)) return value;
  throw refused(`its \`${name}\` is no text of 1 to ${longest} characters`);
}

/**
 * The thumbprint of the key that a token is bound to (RFC 9449, section 6.1); null for a bearer
 * token.
 *
 * @throws GatehouseError `unauthenticated` for a binding that cannot be checked here.
 */
export function boundTo({ cnf }: JWTPayload): string | null {
  if (cnf === undefined) return null;
  const { jkt, ...others } = (cnf ?? {}) as Record<string, unknown>;
  const known = typeof jkt === 'string' && /^[A-Za-z0-9_-]{43}$/.test(jkt);
  if (known && Object.keys(others).length === 0) return jkt;
  throw refused('it is bound in a way that is not known here; bind it with `cnf.jkt` (RFC 9449)');
}

function checkedHeader(token: string, rules: TokenRules): { alg: string; kid: string | undefined } {
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch (cause) {
    throw refused('it is no signed JWT', cause);
  }
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !rules.algorithms.includes(alg)) {
    throw refused(`its algorithm is not one of ${rules.algorithms.join(', ')}`);
  }
  if (!rules.types.includes(typ)) throw refused(`its \`typ\` \`${shown(typ)}\` does not fit`);
  if (kid !== undefined && typeof kid !== 'string') throw refused('its `kid` is no text');
  if (kid === undefined && rules.kidRequired) throw refused('it has no `kid`');
  return { alg, kid };
}

function checkTimes({ iat, exp = 0 }: JWTPayload, now: number): void {
  if (iat !== undefined && iat > now / 1000 + leewaySeconds) {
    throw refused('it is issued in the future; check the clocks');
  }
  if (!Number.isSafeInteger(Math.floor(exp * 1000))) throw refused('its `exp` is no time');
}

// jose's codes, told in our words; its messages may quote the token.
function whyNot(cause: unknown): string {
  const { code = '', claim = '' } = cause as { code?: string; claim?: string };
  switch (code) {
    case 'ERR_JWT_EXPIRED':
      return 'it has expired; get a fresh one';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return `its \`${claim}\` does not fit`;
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return 'its signature is wrong';
    default:
      return 'it is malformed';
  }
}
