import type { JsonObject } from '../../kernel/index.ts';
import type { WireError } from './wire-error.ts';

/** Anthropic's error body. Its client reads `details.error_code`; the request id is the trace. */
export function anthropicError(error: WireError): JsonObject {
  const { code, status, message, trace, link } = error;
  const told = `${message} (trace ${trace}, see ${link})`;
  const details = { error_code: code, trace, link };
  return {
    type: 'error',
    error: { type: typeOf(status), message: told, details },
    request_id: trace,
  };
}

const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

function typeOf(status: number): string {
  return types[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}
