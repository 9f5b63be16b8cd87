import type { JsonObject } from '../../kernel/index.ts';
import { type OAuthError, toOAuthError } from './oauth-error.ts';

/** What an endpoint answers, and what the record may know of it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the record: never a token, an assertion or a proof. */
  readonly facts: JsonObject;
  /** What went wrong inside, for the log of the operator; only where it is a defect. */
  readonly defect?: unknown;
}

const json = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' };
/** RFC 6749 (5.1): what holds a token or tells about one is kept nowhere. */
const unkept = { ...json, 'cache-control': 'no-store', pragma: 'no-cache' };

export function answered(body: object, facts: JsonObject): Answer {
  return { status: 200, headers: unkept, body: JSON.stringify(body), facts };
}

/** Public documents, which caches may keep for a minute. */
export function published(body: object): Answer {
  const headers = { ...json, 'cache-control': 'public, max-age=60' };
  return { status: 200, headers, body: JSON.stringify(body), facts: {} };
}

/** RFC 6749 (5.2). */
export function failed(thrown: unknown, facts: JsonObject): Answer {
  const fault = toOAuthError(thrown);
  const { error, status } = fault;
  const description = allowed(fault.message);
  const answer = {
    status,
    headers: { ...unkept, ...retry(fault) },
    body: JSON.stringify({ error, error_description: description }),
    facts: { ...facts, error, reason: description },
  };
  return error === 'server_error' ? { ...answer, defect: fault.cause ?? fault } : answer;
}

/** For a method that an endpoint does not know. */
export function wrongMethod(allow: string): Answer {
  const description = `use ${allow}`;
  const body = JSON.stringify({ error: 'invalid_request', error_description: description });
  const facts = { error: 'invalid_request', reason: description };
  return { status: 405, headers: { ...unkept, allow }, body, facts };
}

function retry({ status }: OAuthError): Record<string, string> {
  return status === 503 ? { 'retry-after': '1' } : {};
}

// The characters of RFC 6749, appendix A.8.
function allowed(text: string): string {
  return text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?').slice(0, 400);
}
