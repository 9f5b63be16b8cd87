import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Control, type Subject, subject, systemClock } from '../src/kernel/index.ts';
import { checkSources, openPolicies } from '../src/policy/index.ts';

// node bench/policy.ts [--calls 20000] [--json]
//
// What a policy decision costs on the hot path, through the control as the kernel asks it: from
// memory, and asked of Cedar anew. 50 policies, all of which Cedar must look at; 100 entities
// (groups and provider of the model, tenant, owner, the agent and its model). And how long 1,000
// policies take to load, validated.

const { values: options } = parseArgs({
  options: { calls: { type: 'string', default: '20000' }, json: { type: 'boolean' } },
});
const calls = Number(options.calls);
const file = fileURLToPath(new URL('../policies/schema.cedarschema', import.meta.url));
const schema = readFileSync(file, 'utf8');
const bars = { cachedP50: 20, uncachedP99: 400, loadMs: 3_000 };

function policies(count: number): string {
  const all = Array.from({ length: count }, (_, i) => {
    const effect = i % 2 === 0 ? 'permit' : 'forbid';
    const scope = `principal in Tenant::"t${i % 7}", action == Action::"call_model"`;
    const group = `resource in ModelGroup::"g${i % 95}"`;
    return `@id("p${i}") @reason("reason ${i}")
${effect} (${i % 3 === 0 ? scope : 'principal is Agent, action == Action::"call_model"'}, ${group})
when { context.features.contains("f${i}") || context.caller.actors.contains("agent:a${i}")
  || (principal.risk > ${i % 100} && context.asked == "m${i}") }
unless { context.caller.depth > 4 };`;
  });
  return `${all.join('\n\n')}
@id("base") permit (principal is Agent, action == Action::"call_model", resource in ModelGroup::"g1");`;
}

/** One call of many agents; each `n` is another question. */
function asked(n: number): Subject {
  return subject({
    stage: 'model',
    trace: '0'.repeat(32),
    step: 0,
    principal: {
      kind: 'agent',
      id: `agt_${n}`,
      name: `agent ${n}`,
      owner: `person ${n % 50}`,
      tenant: `t${n % 7}`,
      risk: n % 40,
      credential: { kind: 'at+jwt', id: 'jti', expires: 0, bound: true, scopes: ['call_model'] },
      actors: [
        { kind: 'agent', id: 'planner' },
        { kind: 'person', id: 'ada' },
      ],
    },
    resource: { type: 'model', id: 'm@1' },
    context: {
      protocol: 'openai.chat',
      stream: true,
      asked: 'm',
      credential: 'at+jwt',
      features: ['kept_upstream', 'hosted_tool:web_search'],
      provider: 'openai',
      groups: Array.from({ length: 95 }, (_, i) => `g${i}`),
      labels: [],
      tokens: 1_000 + n,
      cost: 10_000 + n,
    },
    measures: {},
    content: null,
    parts: [],
  });
}

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

function at(times: Float64Array, share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] as number;
}

function decisions(count: number) {
  const sources = { schema, policies: { 'bench.cedar': policies(count - 1) } };
  const control = openPolicies({ sources, clock: systemClock }).control();
  microseconds(
    control,
    Array.from({ length: 2_000 }, (_, i) => asked(1_000_000 + i)),
  );
  const fresh = microseconds(
    control,
    Array.from({ length: calls }, (_, i) => asked(i)),
  );
  const known = Array.from({ length: 50 }, (_, i) => asked(2_000_000 + i));
  microseconds(control, known);
  const again = Array.from({ length: calls }, (_, i) => known[i % known.length] as Subject);
  return { cached: microseconds(control, again), uncached: fresh };
}

function loaded(files: number): number {
  const texts = Object.fromEntries(
    Array.from({ length: files }, (_, i) => {
      const text = policies(1_000 / files - 1).replaceAll(/@id\("/g, `@id("${i}-`);
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

const { cached, uncached } = decisions(50);
const figures = {
  calls,
  cachedP50: at(cached, 0.5),
  cachedP99: at(cached, 0.99),
  uncachedP50: at(uncached, 0.5),
  uncachedP99: at(uncached, 0.99),
  ratioP50: at(uncached, 0.5) / at(cached, 0.5),
  loadOneFileMs: loaded(1),
  loadTenFilesMs: loaded(10),
  loadHundredFilesMs: loaded(100),
};
const worst = Math.max(figures.loadOneFileMs, figures.loadTenFilesMs, figures.loadHundredFilesMs);

const rows = [
  ['from memory, p50', figures.cachedP50, 'us', bars.cachedP50],
  ['from memory, p99', figures.cachedP99, 'us', null],
  ['asked anew, p50', figures.uncachedP50, 'us', null],
  ['asked anew, p99', figures.uncachedP99, 'us', bars.uncachedP99],
  ['anew against memory, p50', figures.ratioP50, 'x', null],
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
