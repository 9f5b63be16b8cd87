import { type ErrorCode, GatehouseError } from '../kernel/index.ts';
import type { Attempt, Outcome } from './model-call.ts';

/** Why a try did not end in an answer. `detail` is a code or a status and never quotes the peer. */
export interface Failure {
  readonly outcome: Exclude<Outcome, 'ok'>;
  readonly detail: string;
  readonly status?: number;
}

/** The error of a call that no candidate answered, with every try that was made. */
export class UpstreamError extends GatehouseError {
  readonly upstream: string;
  readonly attempts: readonly Attempt[];

  constructor(upstream: string, failure: Failure, attempts: readonly Attempt[]) {
    super(codes[failure.outcome] ?? 'upstream_failed', told(upstream, failure));
    this.name = 'UpstreamError';
    this.upstream = upstream;
    this.attempts = attempts;
  }
}

const codes: Partial<Record<Outcome, ErrorCode>> = {
  refused: 'upstream_refused',
  timeout_connect: 'upstream_timeout',
  timeout_first_byte: 'upstream_timeout',
  timeout_idle: 'upstream_timeout',
  timeout_total: 'upstream_timeout',
  cancelled: 'timed_out',
};

const words: Record<Failure['outcome'], string> = {
  status: 'answered with an error',
  refused: 'failed too often and is left alone for a while',
  connect: 'cannot be reached',
  broken: 'broke off the connection',
  invalid: 'sent an answer that is not allowed',
  too_large: 'sent an answer above its `maxAnswerBytes`',
  timeout_connect: 'gave no connection in time',
  timeout_first_byte: 'began no answer in time',
  timeout_idle: 'stopped in the middle of an answer',
  timeout_total: 'took longer than its total time',
  cancelled: 'was called off, as the caller left',
};

function told(upstream: string, failure: Failure): string {
  const detail = failure.detail === '' ? '' : ` (\`${failure.detail}\`)`;
  const mend = failure.outcome === 'cancelled' ? '' : '; try again later or see the health page';
  return `upstream \`${upstream}\` ${words[failure.outcome]}${detail}${mend}`;
}

// Codes of Node and undici for a connection that never stood.
const connectCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENOENT',
]);

/**
 * What a thrown value of the transport means. Only its code is kept: messages and members of undici's
 * errors can hold bytes of the peer, and of the request.
 */
export function failureOf(thrown: unknown, connected: boolean): Failure {
  const code = codeOf(thrown);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return { outcome: 'timeout_connect', detail: '' };
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return { outcome: 'too_large', detail: '' };
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code.startsWith('HPE_')) {
    return { outcome: 'invalid', detail: code };
  }
  const outcome = !connected || connectCodes.has(code) ? 'connect' : 'broken';
  return { outcome, detail: code };
}

function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  const code = String(thrown.code);
  return code.length <= 48 && /^[A-Z0-9_]+$/.test(code) ? code : '';
}
