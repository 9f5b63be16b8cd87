import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../../test/control/shell.ts';
import { type ControlWorld, controlWorld, problem } from '../../../test/control/world.ts';
import { call } from '../../../test/gateway/call.ts';
import { openWorld } from '../../../test/gateway/world.ts';
import { type Control, type Principal, systemClock } from '../../kernel/index.ts';
import { checkSources, openPolicies, readSources } from '../../policy/index.ts';
import { openPins } from '../../registry/index.ts';
import { explained, privileges, replayLine } from '../contract/index.ts';

const folder = fileURLToPath(new URL('../../../policies', import.meta.url));
const widened =
  '@id("bot-may") permit (principal is Agent, action == Action::"call_model", resource)';
const calls = 12;

describe('what policies would say, and said', () => {
  let world: ControlWorld;
  let changed: string;
  let bot: Principal;

  before(async () => {
    world = await controlWorld();
    const listed = openPins([
      { id: 'test-model@1', upstream: 'openai', model: 'm-1', groups: ['general'] },
      { id: 'idle@1', upstream: 'openai', model: 'm-2-2026-01-01', groups: ['general'] },
      { id: 'closed@1', upstream: 'openai', model: 'm-3-2026-01-01' },
    ]);
    Object.assign(world.parts, { models: () => listed.list() });
    changed = mkdtempSync(join(tmpdir(), 'gatehouse-what-if-'));
    cpSync(folder, changed, { recursive: true });
    writeFileSync(join(changed, 'bot.cedar'), `${widened} when { principal.name == "bot" };`);
    const { id } = await world.parts.agents.create({
      ...{ name: 'bot', owner: 'ana', purpose: 'tests', tenant: 'default' },
    });
    bot = {
      ...{ kind: 'agent', id, name: 'bot', owner: 'ana', tenant: 'default' },
      credential: { kind: 'at+jwt', id: 'tok_1', expires: 0 },
      actors: [],
    };
    await recordCalls();
  });
  after(async () => {
    rmSync(changed, { recursive: true, force: true });
    await world.close();
  });

  // Calls through a real data plane, under the changed set; their entries go to the real log.
  async function recordCalls(): Promise<void> {
    const policies = openPolicies({ folder: changed, clock: systemClock });
    const passing: Control = {
      ...{ id: 'test.pass', stages: ['input', 'output'], serves: [] },
      judge: () => ({ level: 'allow' }),
    };
    const bind = (control: Control) => {
      return { control, mode: 'enforce', timeoutMs: 1_000, onFailure: 'deny' } as const;
    };
    const other = { ...bot, id: 'agt_other', name: 'other' };
    const gateway = await openWorld({
      bindings: [bind(policies.control()), bind(policies.feedback()), bind(passing)],
      identify: (token) => (token === 'other' ? other : bot),
    });
    try {
      const body = { model: 'test', messages: [{ role: 'user', content: 'hello there' }] };
      for (let i = 0; i < calls; i++) {
        const headers = { authorization: `Bearer ${i % 3 === 0 ? 'other' : 'bot'}` };
        const { url } = gateway.gateway;
        await call(url, '/v1/chat/completions', JSON.stringify(body), headers);
      }
      const unlisted = JSON.stringify({ ...body, model: 'none' });
      await call(gateway.gateway.url, '/v1/chat/completions', unlisted);
      for (const entry of gateway.record.entries) {
        await world.log.put({ ...entry, policySet: policies.hash });
      }
    } finally {
      await gateway.close();
    }
  }

  const traceOf = async (level: string) => {
    const found = (await world.log.all()).find((entry) => {
      const { stages, level: had, route } = entry as { stages?: string[] } & Record<string, string>;
      return stages?.includes('model') === true && had === level && route === 'test-model@1';
    });
    return String(found?.['trace']);
  };

  test('a replay under the set that decided finds no difference: exit code 0 (A2)', async () => {
    const { code, out, err } = await run(world, `policy replay --since 1h --dir ${changed}`);
    assert.equal(code, 0, err);
    assert.equal(out, '');
    assert.match(err, /none of 13 recorded decisions would go another way/);
  });

  test('a replay under another set lists what would differ: exit code 3 (A2)', async () => {
    const line = `policy replay --since 1h --dir ${folder}`;
    const { code, out, err } = await run(world, `${line} --json`);
    assert.equal(code, 3);
    assert.doesNotMatch(err, /error/);
    assert.match(err, /9 of 13 recorded decisions would go another way/);
    const { differences, undecided, differing } = JSON.parse(out);
    assert.deepEqual([differing, undecided], [9, []]);
    const told = differences.map((one: Record<string, unknown>) => {
      const { agent, action, resource, was, wouldBe, inForce, after, count } = one;
      return [agent, action, resource, was, wouldBe, inForce, after, count];
    });
    assert.deepEqual(told, [
      ['bot', 'call_model', 'test-model@1', 'allow', 'deny', 'deny', [], 8],
      ['bot', 'call_model', 'none', 'allow', 'deny', 'deny', [], 1],
    ]);
    const shown = await run(world, line, { terminal: true });
    assert.match(shown.err, /\r\d+ of \d+ entries/);
    assert.match(shown.out, /test-model@1 .*allow.*deny.* by default.* 8 /);
  });

  test('a candidate that is not valid is an error, not a stream (A2)', async () => {
    const since = new Date(0).toISOString();
    const sources = { policies: { 'a.cedar': 'permit (' } };
    const answer = await world.post('/v1/policies/replay', { sources, since });
    problem(answer, 400, 'bad_config', /a\.cedar:1/);
    const good = { policies: { 'a.cedar': 'permit (principal, action, resource);' } };
    const lines = await world.post('/v1/policies/replay', { sources: good, since });
    assert.equal(lines.headers['content-type'], 'application/x-ndjson');
    const all = lines.text
      .trim()
      .split('\n')
      .map((line) => replayLine.parse(JSON.parse(line)));
    assert.ok(all.length > 1 && 'result' in (all.at(-1) ?? {}));
  });

  test('a client that goes away ends its replay (A2)', async () => {
    const { url } = world.plane;
    const sources = { policies: {}, schema: readSources(folder).schema };
    const body = JSON.stringify({ sources, since: new Date(0).toISOString() });
    const headers = { authorization: `Bearer ${world.token}`, 'content-type': 'application/json' };
    const { range } = world.log;
    for (let i = 0; i < 3; i++) {
      const waiting = Promise.withResolvers<void>();
      world.log.range = async (from, limit) => {
        await waiting.promise;
        return range(from, limit);
      };
      const gone = new AbortController();
      const init = { method: 'POST', headers, body, signal: gone.signal };
      const ask = () => globalThis.fetch(`${url}/v1/policies/replay`, init);
      const two = await Promise.all([ask(), ask()]);
      // More than two at once are told to wait: those before have ended.
      assert.deepEqual(
        two.map(({ status }) => status),
        [200, 200],
      );
      const third = await world.post('/v1/policies/replay', JSON.parse(body));
      problem(third, 503, 'busy', /wait/);
      gone.abort();
      await Promise.allSettled(two.map((answer) => answer.text()));
      await world.ask('/v1/models');
      waiting.resolve();
      for (let turn = 0; turn < 20; turn++) await world.ask('/v1/models');
    }
    world.log.range = range;
  });

  test('a past call is explained from its entry (A2)', async () => {
    const answer = await world.post('/v1/policies/explain', { trace: await traceOf('deny') });
    assert.equal(answer.status, 200, answer.text);
    const { recorded, questions } = explained.parse(answer.json());
    assert.deepEqual(
      [recorded?.findings[0]?.code, recorded?.findings.length],
      ['policy_default', 1],
    );
    assert.equal(questions.at(-1)?.decision, 'deny');
    const { code, out } = await run(world, `policy explain ${await traceOf('deny')}`);
    assert.equal(code, 0);
    assert.match(out, /under another set than the one in force/);
    assert.match(
      out,
      /`general-models` would permit if model `test-model@1` were in ModelGroup `general`/,
    );
    const nothing = await run(world, `policy explain ${'0'.repeat(32)}`);
    assert.equal(nothing.code, 2);
    assert.match(nothing.err, /no decision of policies is on record/);
  });

  test('a supposed call is explained as the gateway would ask it (A2)', async () => {
    const line = 'policy explain --agent bot --model test-model@1 --acting-for bo';
    const allowed = await run(world, `${line} --json`);
    const { questions } = explained.parse(JSON.parse(allowed.out));
    assert.deepEqual(
      questions.map(({ action, decision, by }) => [action, decision, by]),
      [
        ['enter', 'allow', ['agents-enter']],
        ['call_model', 'allow', ['general-models']],
      ],
    );
    const refused = await run(world, `${line} --feature stored_state --feature logprobs`);
    assert.match(refused.out, /call_model model test-model@1: deny by no-stored-state/);
    assert.match(refused.out, /see_feedback .*\(stripped, not refused\)/);
    const unlisted = await run(world, 'policy explain --agent bot --model nosuch');
    assert.match(unlisted.out, /beside the policies: model `nosuch` is not listed .*registry\.pin/);
    assert.doesNotMatch(allowed.out, /not listed/);
    assert.equal((await run(world, 'policy explain --agent nobody --model x')).code, 2);
    await world.parts.agents.create({
      ...{ name: 'gone', owner: 'ana', purpose: 'tests', tenant: 'default' },
    });
    await run(world, 'agent disable gone');
    const gone = await run(world, 'policy explain --agent gone --model test-model@1');
    assert.match(gone.out, /beside the policies: agent `gone` is disabled/);
    const shown = await run(world, 'agent show gone');
    assert.match(shown.err, /^it is disabled: none of its credentials count/);
    assert.doesNotMatch(shown.err, /next:/);
  });

  test('what cannot be explained is said in the words of the command line (A2)', async () => {
    const cases: Readonly<Record<string, RegExp>> = {
      '--agent bot': /name a trace, or --agent with --model or --tool/,
      deadbeef: /`deadbeef` is no trace; `gatehouse trace list` shows them/,
      [`${'0'.repeat(32)} --agent bot --model x`]: /name a trace, or suppose a call .* not both/,
      '--agent bot --model x --credential foo': /'foo' is invalid\. Allowed choices are static-key/,
      '--agent bot --model x --tokens many': /`many` is no count; write a number from 0/,
      '--agent bot --model x --cost=-1': /`-1` is no count/,
    };
    for (const [words, said] of Object.entries(cases)) {
      const { code, err } = await run(world, `policy explain ${words}`);
      assert.equal(code, 1, words);
      assert.match(err, said);
    }
    const asked = { agent: 'bot', model: 'x', credential: 'foo' };
    const answer = await world.post('/v1/policies/explain', asked);
    problem(answer, 400, 'bad_request', /^`credential`: invalid option/);
  });

  test('a past call that a quota refused is not told as passed (A2, M5)', async () => {
    const entries = (await world.log.all()) as Record<string, unknown>[];
    const passed = entries.find(({ level, route }) => level === 'allow' && route !== undefined);
    const trace = 'ab'.repeat(16);
    const finding = { control: 'policy.quota', stage: 'model', mode: 'enforce', level: 'deny' };
    const findings = [{ ...finding, code: 'claim_refused', reason: 'no money is left' }];
    await world.log.put({ ...passed, trace, level: 'deny', findings } as never);
    const { out } = await run(world, `policy explain ${trace}`);
    assert.match(out, /the policies let it pass/);
    assert.match(out, /\nbeside the policies: `policy\.quota` refused it: no money is left\n$/);
  });

  test('an agent is shown with what it may do beside what it did (A2)', async () => {
    const young = privileges.parse((await world.ask('/v1/agents/bot/privileges')).json());
    assert.deepEqual([young.unused, young.narrower], [0, null]);
    const { agents } = world.parts;
    const get = agents.get.bind(agents);
    agents.get = async (name) => {
      const found = await get(name);
      return found === null ? null : { ...found, created: 0 };
    };
    const answer = await world.ask('/v1/agents/bot/privileges');
    assert.equal(answer.status, 200, answer.text);
    const seen = privileges.parse(answer.json());
    assert.deepEqual(
      seen.privileges.map(({ resource, may, recent, unused }) => [resource, may, recent, unused]),
      [
        ['test-model@1', true, 8, false],
        ['idle@1', true, 0, true],
        ['closed@1', false, 0, false],
        ['none', null, 1, false],
      ],
    );
    assert.match(String(seen.narrower), /unless \{ resource in \[Model::"test-model@1"\] \};/);
    const { schema, policies } = readSources(folder);
    const narrowed = { schema, policies: { ...policies, 'bot.cedar': String(seen.narrower) } };
    assert.equal(checkSources(narrowed).ok, true);
    const { code, out, err } = await run(world, 'agent show bot');
    assert.equal(code, 0, err);
    assert.match(out, /RESOURCE +MAY +DID\n/);
    assert.match(out, /test-model@1 +yes, by general-models +8 in 30 days, last \d{4}-/);
    assert.match(out, /idle@1 +yes, by general-models +never used\n/);
    assert.match(out, /closed@1 +no, by default +nothing\n/);
    assert.match(err, /1 grant is unused for 30 days or more/);
    problem(await world.ask('/v1/agents/nobody/privileges'), 404, 'not_found', /nobody/);
  });
});
