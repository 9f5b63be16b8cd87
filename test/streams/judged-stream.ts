import type { Dialect } from '../../src/gateway/dialects/index.ts';
import { Holdback, type HoldbackOptions, SseParser } from '../../src/gateway/sse/index.ts';
import { act, type Binding, type Clock, decide, decideStream } from '../../src/kernel/index.ts';
import { about, bound, control, memoryRecord } from '../kernel/world.ts';
import { secretWordControl } from './secret-word.ts';

const clock: Clock = { now: () => 1_800_000_000_000, after: () => () => {} };
const admits = bound(control(() => ({ level: 'allow' })));

export interface JudgedStream {
  /** What left after each chunk, then at the end, then with the closing decision. */
  readonly left: readonly string[];
  readonly text: string;
  readonly holdback: Holdback;
  readonly entries: readonly object[];
}

/** Takes chunks through parser, hold-back and the kernel's own decisions, as the gateway does. */
export async function judgedStream(
  dialect: Dialect,
  chunks: readonly Uint8Array[],
  options: HoldbackOptions = { padding: null },
  bindings: readonly Binding[] = [bound(secretWordControl())],
): Promise<JudgedStream> {
  const recorder = memoryRecord();
  const checkpoint = { bindings: [admits, ...bindings], recorder, clock };
  const inbound = await decide(checkpoint, [about('input')]);
  const template = about('output');
  const stream = decideStream(checkpoint, template, inbound);
  const holdback = new Holdback(dialect, options);
  const parser = new SseParser();
  const left: string[] = [];
  const judge = async (final: boolean) => {
    const window = await stream.judge(holdback.parts(), final);
    if (window.permit === null) throw new Error(`denied: ${JSON.stringify(window.findings)}`);
    await act(window.permit, window.subject, ({ masks }) => {
      left.push(holdback.release(window.settled, masks));
    });
  };
  for (const chunk of chunks) {
    for (const event of parser.feed(chunk)) holdback.push(event);
    await judge(false);
  }
  await judge(true);
  const closing = await stream.close({});
  if (closing.permit === null) throw new Error('the end was denied');
  await act(closing.permit, template, () => {
    if (holdback.ended !== 'open') left.push(holdback.last());
  });
  return { left, text: left.join(''), holdback, entries: recorder.entries };
}

/** Bytes cut at the given places (taken modulo what is left), as a network might. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : Math.max(1, sizes[i % sizes.length] as number);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** The JSON of each event in a stream's text, `[DONE]` and comments left out. */
export function eventsIn(text: string): readonly Record<string, unknown>[] {
  const events: Record<string, unknown>[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('data: {')) events.push(JSON.parse(line.slice(6)));
  }
  return events;
}
