import { type ErrorCode, GatehouseError } from '../../kernel/index.ts';

/** RFC 6749 (5.2), RFC 8693 (2.2.2), RFC 9449 (5), and for what is down, RFC 6749 (4.1.2.1). */
export type OAuthErrorName =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  | 'server_error';

/** An error that an OAuth endpoint answers with. `message` becomes `error_description`. */
export class OAuthError extends GatehouseError {
  readonly error: OAuthErrorName;

  constructor(error: OAuthErrorName, message: string, options?: ErrorOptions, code?: ErrorCode) {
    super(code ?? codeOf(error), message, options);
    this.name = 'OAuthError';
    this.error = error;
  }
}

function codeOf(error: OAuthErrorName): ErrorCode {
  if (error === 'invalid_client') return 'unauthenticated';
  if (error === 'temporarily_unavailable') return 'store_unavailable';
  return error === 'server_error' ? 'unexpected' : 'bad_request';
}

/** Any thrown value as what an OAuth endpoint answers with. The cause is kept. */
export function toOAuthError(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown;
  if (!(thrown instanceof GatehouseError)) {
    const message = 'something went wrong inside gatehouse; try again shortly';
    return new OAuthError('server_error', message, { cause: thrown });
  }
  const { kind, code, message } = thrown;
  const options = { cause: thrown };
  if (kind === 'operational') return new OAuthError('temporarily_unavailable', message, options);
  if (kind === 'unexpected') return new OAuthError('server_error', message, options);
  return new OAuthError('invalid_request', message, options, code);
}
