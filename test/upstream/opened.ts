import type { TestContext } from 'node:test';
import {
  type ModelCall,
  openUpstreams,
  type UpstreamDefinition,
  UpstreamError,
  type Upstreams,
} from '../../src/upstream/index.ts';
import { ManualClock } from './manual-clock.ts';

export const key = 'sk-not-to-be-seen-anywhere';

/** A definition with short names for what a test changes. */
export function definition(
  change: Partial<UpstreamDefinition> & { readonly url?: string },
): UpstreamDefinition {
  return {
    name: 'a',
    kind: 'openai',
    apiKey: key,
    timeouts: { connectMs: 1_000, firstByteMs: 5_000, idleMs: 2_000, totalMs: 60_000 },
    retries: { attempts: 3, budgetRatio: 1 },
    breaker: { failures: 100, openMs: 10_000 },
    maxAnswerBytes: 1024 * 1024,
    ...change,
  };
}

export interface Opened {
  readonly upstreams: Upstreams;
  readonly clock: ManualClock;
  readonly logged: string[];
}

/** Upstreams on a manual clock, whose retries wait for nothing but `retry-after`, closed after the test. */
export function opened(t: TestContext, definitions: readonly UpstreamDefinition[]): Opened {
  const clock = new ManualClock();
  const logged: string[] = [];
  const upstreams = openUpstreams({
    definitions,
    clock,
    random: () => 0,
    log: (level, event, facts) => logged.push(`${level} ${event} ${JSON.stringify(facts)}`),
  });
  t.after(() => upstreams.close());
  return { upstreams, clock, logged };
}

const messages = [{ role: 'user', content: 'secret text' }];

/** A call to the named upstreams in turn. */
export function call(change: Partial<ModelCall> = {}, ...names: readonly string[]): ModelCall {
  const all = names.length === 0 ? ['a'] : names;
  return {
    candidates: all.map((upstream) => ({ upstream, model: 'm-1' })),
    path: '/v1/chat/completions',
    body: (model) => JSON.stringify({ model, stream: change.stream ?? false, messages }),
    stream: false,
    headers: {},
    signal: new AbortController().signal,
    ...change,
  };
}

/** Turns the event loop, with timers that are due now, until the condition holds. */
export async function until(clock: ManualClock, met: () => boolean): Promise<void> {
  // A guard that ends the loop of a test that has failed already, and no assertion.
  const given = Date.now() + 10_000;
  while (!met()) {
    if (Date.now() > given) throw new Error('what the test waits for did not come');
    await new Promise((resolve) => setImmediate(resolve));
    clock.pass(0);
  }
}

/** The result of a call whose retries wait on the manual clock. */
export async function settled<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let over = false;
  const done = (): void => {
    over = true;
  };
  promise.then(done, done);
  await until(clock, () => over);
  return promise;
}

/** The error that a call ends in. */
export async function refusal(
  clock: ManualClock,
  promise: Promise<unknown>,
): Promise<UpstreamError> {
  try {
    await settled(clock, promise);
  } catch (thrown) {
    if (thrown instanceof UpstreamError) return thrown;
    throw thrown;
  }
  throw new Error('the call was answered');
}
