import { HTTPException } from 'hono/http-exception';
import { type ErrorCode, GatehouseError, toGatehouseError } from '../../kernel/index.ts';
import { type ErrorAnswer, errorAnswer } from '../contract/index.ts';

/** The answers of a route beside its good ones, for the published description. */
export function problems(...statuses: readonly (keyof typeof told)[]) {
  const all: Record<string, { description: string; content: typeof content }> = {};
  for (const status of [401, 403, 421, 429, 503, ...statuses] as const) {
    all[status] = { description: told[status], content };
  }
  return all as Record<'default', { description: string; content: typeof content }>;
}

const content = { 'application/json': { schema: errorAnswer } };

const told = {
  400: 'the request does not fit the contract',
  401: 'no valid token',
  403: 'a page of another origin, or refused by policy',
  404: 'there is no such thing',
  409: 'it is there already',
  413: 'the body is too large',
  415: 'the body is not JSON',
  421: 'the Host is not served here',
  429: 'too many wrong tokens from this address',
  503: 'a part that this needs is away',
} as const;

/** Any thrown value as an answer without a stack. */
export function problemAnswer(thrown: unknown): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorAnswer;
  readonly error: GatehouseError;
} {
  const error = thrown instanceof HTTPException ? ofHono(thrown) : toGatehouseError(thrown);
  const { code, kind, message, status } = error;
  const headers: Record<string, string> = {};
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="gatehouse control plane"';
  if (status === 429) headers['retry-after'] = '60';
  return { status, headers, body: { error: { code, kind, message } }, error };
}

function ofHono(thrown: HTTPException): GatehouseError {
  const codes: Record<number, [ErrorCode, string]> = {
    400: ['bad_json', 'the body is not valid JSON; send `content-type: application/json`'],
    413: ['too_large', 'the body is larger than 1 MB'],
    415: ['unsupported_media', 'the body must be JSON; send `content-type: application/json`'],
  };
  const [code, message] = codes[thrown.status] ?? [];
  if (code === undefined || message === undefined) return toGatehouseError(thrown);
  return new GatehouseError(code, message, { cause: thrown });
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Of a union: what did not fit each of its shapes. */
  readonly errors?: readonly (readonly Issue[])[];
}

/** What did not fit the contract, as one error: each place with what was expected there. */
export function unfit(where: string, issues: readonly Issue[]): GatehouseError {
  const whole = where === 'json' ? 'body' : where;
  const lines = issues
    .flatMap(meant)
    .slice(0, 5)
    .map(({ path, message }) => {
      const place = path.length === 0 ? whole : path.map(String).join('.');
      return `\`${place.slice(0, 100)}\`: ${lower(message)}`;
    });
  return new GatehouseError('bad_request', `${lines.join('; ')}; see \`/openapi.json\``);
}

/** Of a union, what is wrong with the shape that was meant: one whose members are all known. */
function meant(issue: Issue): readonly Issue[] {
  const known = issue.errors?.find((of) => of.every(({ code }) => code !== 'unrecognized_keys'));
  return known ?? [issue];
}

function lower(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
