import { Counter, type Registry } from 'prom-client';

/** Counts by a few labels, cheap enough for every request: prom-client sees them at a scrape only. */
export interface Tally {
  add(count: number, ...values: readonly string[]): void;
}

/**
 * A counter with labels of closed sets: a value outside its set counts as `other`, so that nobody
 * who calls the gateway can make new time series.
 */
export function tally(
  registry: Registry,
  name: string,
  help: string,
  labels: Readonly<Record<string, readonly string[]>>,
): Tally {
  const names = Object.keys(labels);
  const sets = names.map((label) => new Set(labels[label]));
  const counts = new Map<string, number>();
  void new Counter({
    name,
    help,
    labelNames: names,
    registers: [registry],
    collect() {
      this.reset();
      for (const [key, count] of counts) {
        const values = key.split('\n');
        this.inc(Object.fromEntries(names.map((label, i) => [label, values[i] ?? ''])), count);
      }
    },
  });
  return {
    add(count, ...values) {
      let key = '';
      for (let i = 0; i < sets.length; i++) {
        const value = values[i] ?? '';
        key += `${i === 0 ? '' : '\n'}${sets[i]?.has(value) ? value : 'other'}`;
      }
      counts.set(key, (counts.get(key) ?? 0) + count);
    },
  };
}
