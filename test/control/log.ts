import type { JsonObject } from '../../src/kernel/index.ts';
import type { Log, LogEntry } from '../../src/surface/index.ts';

/** A log in memory, as far as the control plane reads one. */
export interface MemoryLog extends Log {
  readonly all: LogEntry[];
  /** While true, nothing can be written. */
  broken: boolean;
  /** What happened, in order. */
  readonly happened: string[];
  put(entry: JsonObject): void;
}

export function memoryLog(): MemoryLog {
  const all: LogEntry[] = [];
  const happened: string[] = [];
  return {
    all,
    happened,
    broken: false,
    origin: 'test.example/log',
    key: 'test.example/log+00000000+AAAA',
    put(entry) {
      all.push({ index: all.length, entry });
    },
    async append(kind, facts) {
      if (this.broken) throw new Error('the disk is full');
      happened.push(`append ${kind}`);
      this.put({ v: 1, kind, ...facts });
    },
    checkpoint: async () => `test.example/log\n${all.length}\n${'A'.repeat(43)}=\n\n— sig\n`,
    async tile(level, index, width) {
      return level === 0 && index === 0 ? new Uint8Array((width ?? 256) * 32) : null;
    },
    entries: async (index) => (index === 0 ? new Uint8Array([0, 2, 123, 125]) : null),
    entry: async (index) => all[index] ?? null,
    byTrace: async (trace) => all.filter(({ entry }) => entry['trace'] === trace),
    async latest(limit, before = Infinity) {
      const older = all.filter(({ index }) => index < before);
      return older.toReversed().slice(0, limit);
    },
    receipt: async (index) => `c2sp.org/tlog-proof@v1\nindex ${index}\n`,
    async bundle(trace, { bodies }) {
      happened.push('bundle');
      const entries = await this.byTrace(trace);
      return entries.length === 0 ? null : JSON.stringify({ trace, bodies });
    },
  };
}
