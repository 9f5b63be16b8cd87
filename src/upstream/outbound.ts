import { Agent, fetch as undiciFetch } from 'undici';
import { GatehouseError } from '../kernel/index.ts';
import { failureOf } from './failure.ts';

export interface OutboundOptions {
  /** Hosts that may be called, as `host` or `host:port`. Absent: any. */
  readonly allowHosts?: readonly string[];
  /** From the call to the last byte, in milliseconds. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface OutboundInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
}

/** An answer that is here whole. Header names are in lower case; repeated ones are joined by `, `. */
export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  text(): string;
}

export type Outbound = (url: string, init?: OutboundInit) => Promise<OutboundAnswer>;

/**
 * For calls that are no model calls: the control plane from the CLI, telemetry out. Any status is
 * an answer; redirects are not followed (they come back as their 3xx).
 *
 * @throws GatehouseError `bad_request` for a URL or a host that may not be called, `upstream_timeout`,
 *   `upstream_failed` with the host and a code, never with headers or bodies; `timed_out` when
 *   `init.signal` aborted.
 */
export function outbound(options: OutboundOptions): Outbound {
  const agent = new Agent({ allowH2: false, connect: { timeout: options.timeoutMs } });
  return async (url, init = {}) => {
    const { host, href } = allowed(url, options.allowHosts);
    const late = AbortSignal.timeout(options.timeoutMs);
    const signal = init.signal === undefined ? late : AbortSignal.any([late, init.signal]);
    try {
      const answer = await undiciFetch(href, {
        dispatcher: agent,
        method: init.method ?? 'GET',
        headers: { 'accept-encoding': 'identity', 'user-agent': 'gatehouse', ...init.headers },
        body: init.body ?? null,
        redirect: 'manual',
        signal,
      });
      const body = await bounded(answer.body, options.maxBytes);
      if (body === null) throw new TooLong(host);
      const headers = Object.fromEntries(answer.headers);
      return { status: answer.status, headers, text: () => body };
    } catch (thrown) {
      throw errorOf(thrown, host, late, init.signal);
    }
  };
}

class TooLong extends GatehouseError {
  constructor(host: string) {
    super('upstream_failed', `\`${host}\` sent more than is read of one answer; ask it for less`);
  }
}

function allowed(url: string, hosts: readonly string[] | undefined): URL {
  if (!URL.canParse(url)) throw new GatehouseError('bad_request', 'the address is no URL; mend it');
  const parsed = new URL(url);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    const message = `\`${parsed.protocol}\` cannot be called; use \`https:\``;
    throw new GatehouseError('bad_request', message);
  }
  if (hosts !== undefined && !hosts.includes(parsed.host) && !hosts.includes(parsed.hostname)) {
    const message = `\`${parsed.host}\` is not among the hosts that may be called; allow it first`;
    throw new GatehouseError('bad_request', message);
  }
  return parsed;
}

async function bounded(
  body: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function errorOf(
  thrown: unknown,
  host: string,
  late: AbortSignal,
  asked: AbortSignal | undefined,
): GatehouseError {
  if (thrown instanceof GatehouseError) return thrown;
  if (asked?.aborted === true) {
    return new GatehouseError('timed_out', `the call to \`${host}\` was called off`);
  }
  if (late.aborted) {
    return new GatehouseError('upstream_timeout', `\`${host}\` did not answer in time; try again`);
  }
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  const { detail } = failureOf(cause, true);
  const code = detail === '' ? '' : ` (\`${detail}\`)`;
  const message = `\`${host}\` cannot be reached${code}; check that it runs and listens there`;
  return new GatehouseError('upstream_failed', message);
}

/**
 * A `fetch` for clients that take one, as the official SDKs do. Redirects are errors. It opens
 * connections of its own, which end with `close`.
 */
export function clientFetch(): { fetch: typeof globalThis.fetch; close(): Promise<void> } {
  const agent = new Agent({ allowH2: false });
  type Parameters2 = Parameters<typeof undiciFetch>;
  const call = (input: unknown, init: unknown): unknown =>
    undiciFetch(input as Parameters2[0], {
      ...(init as Parameters2[1]),
      redirect: 'error',
      dispatcher: agent,
    });
  return { fetch: call as typeof globalThis.fetch, close: () => agent.destroy() };
}
