import type {
  Binding,
  Clock,
  Control,
  Draft,
  JsonObject,
  Opinion,
  Part,
  Recorded,
  Recorder,
  Refusal,
  Stage,
  Subject,
} from '../../src/kernel/index.ts';
import { canonical, subject } from '../../src/kernel/index.ts';

/** A clock that stands still until it is told to move. */
export function handClock(start = 1_800_000_000_000): Clock & { pass(ms: number): void } {
  let now = start;
  let alarms: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    after(ms, run) {
      const alarm = { at: now + ms, run };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((one) => one !== alarm);
      };
    },
    pass(ms) {
      now += ms;
      const due = alarms.filter(({ at }) => at <= now);
      alarms = alarms.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}

// As the ledger has it: canonical JSON of at most so many bytes.
const longestEntry = 65_536;

/**
 * A record in memory that keeps the kernel's contract and takes no more than the ledger does; `fail`
 * makes it unwritable.
 */
export function memoryRecord(refuse: (draft: Draft) => readonly Refusal[] = () => []) {
  const entries: JsonObject[] = [];
  const record = {
    entries,
    fail: false,
    gate: Promise.resolve(),
    async record(draft: Draft): Promise<Recorded> {
      await record.gate;
      if (record.fail) throw new Error('disk full');
      const refused = refuse(draft);
      const entry = draft.entry([], refused);
      if (Buffer.byteLength(canonical(entry)) > longestEntry) throw new Error('entry too large');
      if (draft.bodies.some(({ owner }) => owner.includes('\0'))) throw new Error('bad owner');
      entries.push(entry);
      return { index: entries.length - 1, refused };
    },
  };
  return record satisfies Recorder;
}

export function control(
  judge: (subject: Subject) => Opinion | Promise<Opinion>,
  more: Partial<Control> = {},
): Control {
  return { id: 'test.control', stages: ['input'], serves: [], judge, ...more };
}

export function bound(one: Control, more: Partial<Binding> = {}): Binding {
  return { control: one, mode: 'enforce', timeoutMs: 100, onFailure: 'deny', ...more };
}

export const principal = {
  kind: 'agent',
  id: 'agent-1',
  name: 'support-bot',
  owner: 'ana',
  tenant: 'default',
  credential: { kind: 'static-key', id: 'key-1', expires: 1_900_000_000_000 },
  actors: [],
} as const;

export function about(
  stage: Stage,
  parts: readonly Part[] = [],
  content: JsonObject | null = null,
) {
  return subject({
    stage,
    trace: '0123456789abcdef0123456789abcdef',
    step: 0,
    principal,
    resource: { type: 'model', id: 'tour-model@1' },
    context: {},
    measures: {},
    content,
    parts,
  });
}
