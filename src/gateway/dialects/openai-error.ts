import type { JsonObject } from '../../kernel/index.ts';
import type { WireError } from './wire-error.ts';

/** The `error` member of OpenAI's error bodies, with the trace and its link beside the message. */
export function openaiError(error: WireError): JsonObject {
  const { code, message, trace, link } = error;
  const told = `${message} (trace ${trace}, see ${link})`;
  return { message: told, type: typeOf(error.status), param: null, code, trace, link };
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
