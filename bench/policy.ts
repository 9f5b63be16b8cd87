import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Control, type Subject, subject, systemClock } from '../src/kernel/index.ts';
import { checkSources, openPolicies } from '../src/policy/index.ts';

// node bench/policy.ts [--calls 20000] [--json]
//
// What a policy decision costs on the hot path, through the control as the kernel asks it: from
// memory, and asked of Cedar anew, by the clock and in processor time (of five rounds the least,
// which others on the machine disturb less). 50 policies over all actions; a house of 100 entities (40 agents,
// 10 people, 5 tenants, 20 models of 5 providers in 20 groups), each model in 4 groups, chains of 3.
// The extreme beside it: all 50 policies about one action, and a model that is in 95 groups. And how
// long 1,000 policies take to load, validated.

const { values: options } = parseArgs({
  options: { calls: { type: 'string', default: '20000' }, json: { type: 'boolean' } },
});
const calls = Number(options.calls);
const file = fileURLToPath(new URL('../policies/schema.cedarschema', import.meta.url));
const schema = readFileSync(file, 'utf8');
const bars = { cachedP50: 20, uncachedP99: 400, loadMs: 3_000 };

const scopes = [
  'action == Action::"call_model", resource in ModelGroup::"g',
  'action == Action::"call_model", resource in ModelGroup::"g',
  'action == Action::"call_model", resource in ModelGroup::"g',
  'action == Action::"enter", resource == Gateway::"g',
  'action == Action::"call_tool", resource == Tool::"t',
];

/** Policies over all actions, or all about model calls, and one that permits them. */
function policies(count: number, groups: number, spread: boolean): string {
  const all = Array.from({ length: count - 1 }, (_, i) => {
    const effect = i % 2 === 0 ? 'permit' : 'forbid';
    const scope = scopes[spread ? i % scopes.length : 0] as string;
    const principal = i % 3 === 0 ? `principal in Tenant::"t${i % 5}"` : 'principal is Agent';
    return `@id("p${i}") @reason("reason ${i}")
${effect} (${principal}, ${scope}${i % groups}")
when { context.caller.actors.contains("agent:a${i}")
  || (principal.risk > ${50 + (i % 50)} && context.protocol == "m${i}") }
unless { context.caller.depth > 4 };`;
  });
  return `${all.join('\n\n')}
@id("base") permit (principal is Agent, action == Action::"call_model", resource in ModelGroup::"g1");`;
}

/** One call of many; each `n` is another question. */
function asked(n: number, groups: readonly string[]): Subject {
  return subject({
    stage: 'model',
    trace: '0'.repeat(32),
    step: 0,
    principal: {
      kind: 'agent',
      id: `agt_${n % 40}`,
      name: `agent ${n % 40}`,
      owner: `person ${n % 10}`,
      tenant: `t${n % 5}`,
      risk: n % 40,
      credential: { kind: 'at+jwt', id: 'jti', expires: 0, bound: true, scopes: ['call_model'] },
      actors: [
        { kind: 'agent', id: 'planner' },
        { kind: 'agent', id: `run ${n}` },
        { kind: 'person', id: 'ada' },
      ],
    },
    resource: { type: 'model', id: `m${n % 20}@1` },
    context: {
      protocol: 'openai.chat',
      stream: true,
      asked: `m${n % 20}`,
      credential: 'at+jwt',
      features: ['kept_upstream', 'hosted_tool:web_search'],
      provider: `provider ${n % 5}`,
      groups,
      labels: [],
      tokens: 1_000 + n,
      cost: 10_000 + n,
    },
    measures: {},
    content: null,
    parts: [],
  });
}

/** Microseconds of each call, from the least. */
function microseconds(control: Control, subjects: readonly Subject[]): Float64Array {
  const stop = () => new AbortController().signal;
  const times = new Float64Array(subjects.length);
  for (const [i, one] of subjects.entries()) {
    const begun = process.hrtime.bigint();
    control.judge(one, stop);
    times[i] = Number(process.hrtime.bigint() - begun) / 1_000;
  }
  return times.sort();
}

/** Processor time of one call in microseconds, the collector's too: the least of five rounds. */
function processorTime(control: Control, subjects: readonly Subject[]): number {
  const each = Math.ceil(subjects.length / 5);
  const stop = () => new AbortController().signal;
  const rounds = Array.from({ length: 5 }, (_, i) => {
    const round = subjects.slice(i * each, (i + 1) * each);
    const begun = process.cpuUsage();
    for (const one of round) control.judge(one, stop);
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / round.length;
  });
  return Math.min(...rounds);
}

function at(times: Float64Array, share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] as number;
}

function decisions(groups: number, each: number, spread: boolean) {
  const sources = { schema, policies: { 'bench.cedar': policies(50, groups, spread) } };
  const control = openPolicies({ sources, clock: systemClock }).control();
  const of = (n: number) =>
    asked(
      n,
      Array.from({ length: each }, (_, i) => `g${(n + i * 5) % groups}`),
    );
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => of(from + i));
  microseconds(control, many(1_000_000, 3_000));
  const uncached = microseconds(control, many(0, calls));
  const cpu = processorTime(control, many(3_000_000, calls));
  const known = many(2_000_000, 50);
  microseconds(control, known);
  const again = Array.from({ length: calls }, (_, i) => known[i % known.length] as Subject);
  const cachedCpu = processorTime(control, again);
  return { cached: microseconds(control, again), cachedCpu, uncached, cpu };
}

function loaded(files: number): number {
  const texts = Object.fromEntries(
    Array.from({ length: files }, (_, i) => {
      const text = policies(1_000 / files, 20, true).replaceAll(/@id\("/g, `@id("${i}-`);
      return [`file${i}.cedar`, text];
    }),
  );
  const begun = performance.now();
  const report = checkSources({ schema, policies: texts });
  const took = performance.now() - begun;
  if (!report.ok || report.policies.length !== 1_000)
    throw new Error(JSON.stringify(report.errors));
  return took;
}

const { cached, cachedCpu, uncached, cpu } = decisions(20, 4, true);
const extreme = decisions(95, 95, false);
const figures = {
  calls,
  cachedP50: at(cached, 0.5),
  cachedP99: at(cached, 0.99),
  cachedCpu,
  uncachedCpu: cpu,
  uncachedP50: at(uncached, 0.5),
  uncachedP99: at(uncached, 0.99),
  extremeCachedP50: at(extreme.cached, 0.5),
  extremeUncachedCpu: extreme.cpu,
  extremeUncachedP50: at(extreme.uncached, 0.5),
  extremeUncachedP99: at(extreme.uncached, 0.99),
  ratioP50: at(uncached, 0.5) / at(cached, 0.5),
  loadOneFileMs: loaded(1),
  loadTenFilesMs: loaded(10),
  loadHundredFilesMs: loaded(100),
};
const worst = Math.max(figures.loadOneFileMs, figures.loadTenFilesMs, figures.loadHundredFilesMs);

const rows = [
  ['from memory, p50', figures.cachedP50, 'us', bars.cachedP50],
  ['from memory, p99', figures.cachedP99, 'us', null],
  ['from memory, processor time', figures.cachedCpu, 'us', null],
  ['asked anew, p50', figures.uncachedP50, 'us', null],
  ['asked anew, p99', figures.uncachedP99, 'us', bars.uncachedP99],
  ['asked anew, processor time', figures.uncachedCpu, 'us', null],
  ['anew against memory, p50', figures.ratioP50, 'x', null],
  ['in 95 groups: from memory, p50', figures.extremeCachedP50, 'us', null],
  ['in 95 groups: asked anew, p50', figures.extremeUncachedP50, 'us', null],
  ['in 95 groups: asked anew, p99', figures.extremeUncachedP99, 'us', null],
  ['in 95 groups: asked anew, processor time', figures.extremeUncachedCpu, 'us', null],
  ['1,000 policies in 1 file', figures.loadOneFileMs, 'ms', bars.loadMs],
  ['1,000 policies in 10 files', figures.loadTenFilesMs, 'ms', bars.loadMs],
  ['1,000 policies in 100 files', figures.loadHundredFilesMs, 'ms', bars.loadMs],
] as const;

const met =
  figures.cachedP50 <= bars.cachedP50 &&
  figures.uncachedP99 <= bars.uncachedP99 &&
  worst < bars.loadMs;

if (options.json) process.stdout.write(`${JSON.stringify({ ...figures, bars, met })}\n`);
else {
  process.stdout.write('| what | measured | bar |\n|---|--:|--:|\n');
  for (const [what, value, unit, bar] of rows) {
    const limit = bar === null ? '' : `${bar} ${unit}`;
    process.stdout.write(`| ${what} | ${value.toFixed(1)} ${unit} | ${limit} |\n`);
  }
}
process.exitCode = met ? 0 : 1;
