import { readFileSync } from 'node:fs';
import { isLoopback } from '../../gateway/index.ts';
import { CommandError, exitCodes } from './exit.ts';
import { jsonLines } from './json-lines.ts';
import type { Command } from './product.ts';

/** The running product, over its control plane. */
export interface Server {
  readonly url: string;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: object): Promise<T>;
  /** The lines of JSON that a path answers with, as they come; it may take as long as it likes. */
  lines<T>(path: string, body: object): AsyncGenerator<T, void>;
  /** The bytes at a path, or null where there are none (404). */
  bytes(path: string): Promise<Uint8Array | null>;
}

export interface ServerOptions {
  readonly url?: string;
  readonly token?: string;
}

const timeoutMs = 60_000;

/**
 * Finds the server: `--url` and `--token`, else GATEHOUSE_URL and GATEHOUSE_TOKEN, else the file
 * `control.json` that the running product writes into its data folder.
 *
 * INVARIANT: the token of that file goes to the address of that file and to no other, and no token
 * goes over plain HTTP off loopback.
 */
export function serverOf(command: Command, options: ServerOptions): Server {
  const { env } = command;
  const given = options.url ?? env['GATEHOUSE_URL'];
  const file = running(command, given !== undefined);
  const url = (given ?? file?.url ?? 'http://127.0.0.1:4101').replace(/\/+$/, '');
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CommandError(exitCodes.local, `\`${url}\` is no address; write http(s)://HOST:PORT`);
  }
  const own = file?.url.replace(/\/+$/, '') === url ? file.token : undefined;
  const token = options.token ?? env['GATEHOUSE_TOKEN'] ?? own;
  const { protocol, hostname } = new URL(url);
  const near = isLoopback(hostname.replace(/^\[|\]$/g, ''));
  if (token !== undefined && protocol === 'http:' && !near) {
    const message = `\`${url}\` would send the token in the clear; use https`;
    throw new CommandError(exitCodes.local, message);
  }
  const ask = (path: string, body?: object) => asked(command, url, token, path, body);
  const method = (path: string) => (body?: object) => ask(path, body).then(json);
  return {
    url,
    get: <T>(path: string) => method(path)() as Promise<T>,
    post: <T>(path: string, body: object = {}) => method(path)(body) as Promise<T>,
    async bytes(path) {
      const answer = await ask(path).catch((error: unknown) => {
        if (error instanceof RemoteError && error.status === 404) return null;
        throw error;
      });
      return answer === null ? null : new Uint8Array(await answer.arrayBuffer());
    },
    async *lines<T>(path: string, body: object) {
      const silence = silenceOf(command);
      try {
        const answer = await asked(command, url, token, path, body, silence.signal);
        for await (const line of jsonLines(answer, silence.came)) yield line as T;
      } finally {
        silence.end();
      }
    },
  };
}

/** A signal that aborts once nothing came for as long as a whole answer may take. */
function silenceOf({ clock }: Command) {
  const abort = new AbortController();
  const wait = () => clock.after(timeoutMs, () => abort.abort());
  let cancel = wait();
  return {
    signal: abort.signal,
    came() {
      cancel();
      cancel = wait();
    },
    end: () => cancel(),
  };
}

/** An error that the server answered with. */
class RemoteError extends CommandError {
  readonly status: number;

  constructor(status: number, message: string) {
    super(exitCodes.remote, message);
    this.status = status;
  }
}

async function asked(
  { call }: Command,
  url: string,
  token: string | undefined,
  path: string,
  body?: object,
  signal: AbortSignal = AbortSignal.timeout(timeoutMs),
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const init = {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    // A redirect would carry the token to where nobody meant it to go.
    redirect: 'error' as const,
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const answer = await call(url + path, init).catch((cause: unknown) => {
    throw new CommandError(exitCodes.remote, `cannot reach \`${url}\`${why(cause)}`, { cause });
  });
  if (answer.ok) return answer;
  throw new RemoteError(answer.status, await told(answer, url));
}

async function json(answer: Response): Promise<unknown> {
  return answer.json().catch(() => {
    throw new CommandError(exitCodes.remote, 'the server did not answer in JSON; is it gatehouse?');
  });
}

async function told(answer: Response, url: string): Promise<string> {
  const body = (await answer.json().catch(() => null)) as {
    error?: { message?: unknown };
  } | null;
  const message = body?.error?.message;
  if (answer.status === 401) {
    const mend = 'pass --token or set GATEHOUSE_TOKEN to the setup token of the first start';
    return `\`${url}\` did not take the token; ${mend}`;
  }
  return typeof message === 'string' ? message : `\`${url}\` answered ${answer.status}`;
}

function why(cause: unknown): string {
  const { code } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
  const timed = (cause as Error).name === 'TimeoutError';
  const reason = timed ? 'it does not answer' : String(code ?? (cause as Error).message);
  return ` (${reason}); is it running? start it with \`gatehouse start\`, or pass --url`;
}

/**
 * What the running product says of itself, if it runs on this machine's data. A configuration that
 * cannot be read is told, unless the address is `given`: without it nobody knows where to ask.
 */
function running({ product }: Command, given: boolean): { url: string; token: string } | null {
  let path: string;
  try {
    path = product.controlFile();
  } catch (error) {
    if (given) return null;
    throw error;
  }
  try {
    const { url, token } = JSON.parse(readFileSync(path, 'utf8')) as {
      url?: unknown;
      token?: unknown;
    };
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : null;
  } catch {
    // No such file: it does not run here.
    return null;
  }
}
