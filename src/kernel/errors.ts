/** Whose error it is: the caller's, the operation's (a part is away), or a defect of ours. */
export type ErrorKind = 'user' | 'operational' | 'unexpected';

/** Every code that Gatehouse can answer with, its kind and its HTTP status. Codes are stable. */
export const errorCodes = {
  bad_request: ['user', 400],
  bad_json: ['user', 400],
  bad_config: ['user', 400],
  unauthenticated: ['user', 401],
  revoked: ['user', 401],
  refused: ['user', 403],
  held: ['user', 403],
  not_found: ['user', 404],
  method_not_allowed: ['user', 405],
  timed_out: ['user', 408],
  conflict: ['user', 409],
  too_large: ['user', 413],
  unsupported_media: ['user', 415],
  misdirected: ['user', 421],
  over_limit: ['user', 429],
  upstream_failed: ['operational', 502],
  upstream_refused: ['operational', 502],
  upstream_timeout: ['operational', 504],
  record_unavailable: ['operational', 503],
  store_unavailable: ['operational', 503],
  busy: ['operational', 503],
  unverified: ['operational', 500],
  permit_forged: ['unexpected', 500],
  permit_spent: ['unexpected', 500],
  permit_subject: ['unexpected', 500],
  unexpected: ['unexpected', 500],
} as const satisfies Record<string, readonly [ErrorKind, number]>;

export type ErrorCode = keyof typeof errorCodes;

/**
 * An error with a stable code. `message` is lower case, shows the offending value in backticks and
 * says what to do next; it goes to clients, so it holds no secret and no stack.
 */
export class GatehouseError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly status: number;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GatehouseError';
    this.code = code;
    [this.kind, this.status] = errorCodes[code];
  }
}

/** Any thrown value as a GatehouseError: ours as it is, others as `unexpected` with the cause kept. */
export function toGatehouseError(thrown: unknown): GatehouseError {
  if (thrown instanceof GatehouseError) return thrown;
  return new GatehouseError('unexpected', 'something went wrong inside gatehouse', {
    cause: thrown,
  });
}
