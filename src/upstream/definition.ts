import type { Clock, JsonObject } from '../kernel/index.ts';

/** Which dialect and credentials an upstream takes. `scripted` answers from a file, with no network. */
export type UpstreamKind = 'openai' | 'anthropic' | 'scripted';

/** Time-outs of one upstream in milliseconds. */
export interface Timeouts {
  /** Until the request is on a connection; waiting for a free one counts. */
  readonly connectMs: number;
  /** From there to the first byte of the answer. */
  readonly firstByteMs: number;
  /** Between two pieces of the answer; time in which the reader itself is busy does not count. */
  readonly idleMs: number;
  /** The whole call at this upstream: tries, waits between them and the answer to its last byte. */
  readonly totalMs: number;
}

/**
 * One place to send model calls to. For `openai` the path of `url`, if it has one, stands for `/v1`
 * (as the OpenAI clients take it: `https://host/openai/v1`), and `{model}` in it is replaced by the
 * model (Azure deployments). For `anthropic` the path of `url` stands before `/v1`.
 */
export interface UpstreamDefinition {
  readonly name: string;
  readonly kind: UpstreamKind;
  /** `https:`, or `http:` on the loopback. Not for `scripted`. */
  readonly url?: string;
  readonly apiKey?: string;
  /** How the key is sent. Default: `bearer` for `openai`, `x-api-key` for `anthropic`. */
  readonly auth?: 'bearer' | 'x-api-key' | 'api-key';
  /** Sent with every call (an organisation, a project). */
  readonly headers?: Readonly<Record<string, string>>;
  /** Appended to every path (`api-version` of Azure). */
  readonly query?: Readonly<Record<string, string>>;
  readonly timeouts: Timeouts;
  /** At most `attempts` tries a call, and at most `budgetRatio` retries for each call over time. */
  readonly retries: { readonly attempts: number; readonly budgetRatio: number };
  /** Opens after `failures` in a row, and lets one call probe after `openMs`. */
  readonly breaker: { readonly failures: number; readonly openMs: number };
  /** The longest answer in bytes, decoded. */
  readonly maxAnswerBytes: number;
  /** The file of a `scripted` upstream. */
  readonly script?: string;
  /** Connections at a time. Default 256. */
  readonly connections?: number;
  /** Permits `http:` off the loopback, where the network itself is trusted. */
  readonly allowPlainHttp?: boolean;
  /** Certificate authorities in PEM that are trusted instead of the built-in ones. */
  readonly ca?: string;
}

/** Values that serve most upstreams; spread them into a definition and change what differs. */
export const upstreamDefaults = {
  timeouts: { connectMs: 5_000, firstByteMs: 120_000, idleMs: 60_000, totalMs: 600_000 },
  retries: { attempts: 3, budgetRatio: 0.2 },
  breaker: { failures: 5, openMs: 15_000 },
  maxAnswerBytes: 32 * 1024 * 1024,
} as const satisfies Partial<UpstreamDefinition>;

/** Where operational events go. `facts` hold names, codes and figures: never a key, never content. */
export type Log = (level: 'info' | 'warn', event: string, facts: JsonObject) => void;

export interface UpstreamOptions {
  readonly definitions: readonly UpstreamDefinition[];
  readonly clock: Clock;
  /** Uniform in [0, 1), for the jitter of retries. */
  readonly random: () => number;
  readonly log: Log;
}
