import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import fc from 'fast-check';
import { handClock } from '../../../test/kernel/world.ts';
import { caller, model } from '../../../test/policy/quota-world.ts';
import { type Clock, type Opinion, subject, systemClock } from '../../kernel/index.ts';
import { LocalCounts } from './local-counts.ts';
import type { Quota } from './quota.ts';
import { openRates, type Rates, type RatesFrom } from './rates.ts';

const redisUrl = process.env['GATEHOUSE_TEST_REDIS_URL'];
// Nothing listens there.
const closedPort = 'redis://127.0.0.1:1';

const open: Rates[] = [];
async function rates(quotas: readonly Quota[], more: Partial<RatesFrom> = {}): Promise<Rates> {
  const opened = openRates({
    url: closedPort,
    quotas,
    whenAway: 'deny',
    processes: 1,
    clock: systemClock,
    log: () => {},
    ...more,
  });
  open.push(opened);
  await opened.ready;
  return opened;
}
after(async () => {
  for (const one of open) await one.close();
});

const often: Quota = { id: 'often', of: 'agent', measure: 'requests', limit: 10, per: 'minute' };
const daily: Quota = { id: 'daily', of: 'owner', measure: 'requests', limit: 6, per: 'day' };

function opinion({ control }: Rates, measures: Record<string, number>): Opinion {
  const asked = subject({
    stage: 'enter',
    trace: '0'.repeat(32),
    step: 0,
    principal: caller('judged'),
    resource: { type: 'gateway', id: 'gateway' },
    context: {},
    measures,
    content: null,
    parts: [],
  });
  return control.judge(asked, () => new AbortController().signal) as Opinion;
}

test('policy.rate denies what is over and what was not counted (M5, I4)', async () => {
  const one = await rates([daily, { ...often, id: 'tokens', measure: 'tokens' }, often]);
  assert.equal(opinion(one, { rateOver: 0 }).level, 'allow');
  // The numbers are those of the quotas of requests.
  assert.match(
    opinion(one, { rateOver: 1 }).reason ?? '',
    /^quota `daily`: 6 requests of each owner in a day/,
  );
  assert.match(opinion(one, { rateOver: 2 }).reason ?? '', /^quota `often`/);
  for (const odd of [
    {},
    { rateOver: -1 },
    { rateOver: 3 },
    { rateOver: 0.5 },
    { rateOver: Number.NaN },
  ]) {
    const { level, code, reason } = opinion(one, odd as Record<string, number>);
    assert.deepEqual([level, code], ['deny', 'rate_exceeded']);
    assert.match(reason ?? '', /cannot be counted/);
  }
});

test('no quota of requests: nothing is counted, and nothing denied', async () => {
  const one = await rates([{ ...often, measure: 'tokens' }]);
  assert.equal(one.take(caller('a'), model), 0);
  assert.equal(opinion(one, {}).level, 'allow');
  const other = await rates([{ ...often, only: { agents: ['someone-else'] } }]);
  assert.equal(other.take(caller('a'), model), 0);
});

test('redis away, mode deny: nothing passes under a quota of requests (M5)', async () => {
  const one = await rates([often]);
  for (let i = 0; i < 3; i++) {
    const rateOver = await one.take(caller('away'), model);
    assert.equal(rateOver, -1);
    assert.equal(opinion(one, { rateOver }).level, 'deny');
  }
});

test('redis away, mode share: each process gives out its share of a window and no more (M5)', async () => {
  const clock = handClock();
  const opened = openRates({
    url: closedPort,
    quotas: [often, daily],
    whenAway: 'share',
    processes: 4,
    clock,
    log: () => {},
  });
  open.push(opened);
  const take = (name: string, owner: string) => opened.take(caller(name, { owner }), model);
  // 2 of 10 a minute for each agent, 1 of 6 a day for each owner: all or none.
  assert.deepEqual([await take('a', 'x'), await take('a', 'x')], [0, 2]);
  assert.deepEqual([await take('a', 'y'), await take('a', 'z')], [0, 1]);
  assert.equal(await take('b', 'z'), 0);
  clock.pass(60_000);
  assert.equal(await take('a', 'w'), 0);
  const tight = await rates([{ ...often, limit: 3 }], { whenAway: 'share', processes: 4 });
  assert.equal(await tight.take(caller('c'), model), 1);
});

test('while redis is away a call waits for nothing: no timer is set for it', async () => {
  let timers = 0;
  const clock: Clock = {
    now: () => Date.now(),
    after: (ms, run) => {
      timers++;
      return systemClock.after(ms, run);
    },
  };
  const one = await rates([often], { clock });
  const before = timers;
  for (let i = 0; i < 100; i++) await one.take(caller('quick'), model);
  assert.equal(timers, before);
});

test('an address that cannot be read is told without it', async () => {
  await assert.rejects(rates([often], { url: 'http://user:hunter2@host' }), (error: Error) => {
    assert.ok(!error.message.includes('hunter2'));
    return (error as { code?: string }).code === 'bad_config';
  });
});

test('a share is never passed, in whatever order things happen (M5)', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 30_000 })), { maxLength: 80 }),
      (limit, processes, steps) => {
        const local = new LocalCounts(processes);
        const passed = new Map<number, number>();
        let now = 0;
        for (const [shared, ms] of steps) {
          now += ms;
          const window = Math.floor(now / 60_000);
          const ends = (window + 1) * 60_000;
          const count = { key: `${window}`, limit, livesMs: null, ends, place: 1 };
          const before = passed.get(window) ?? 0;
          if (shared) local.note([count], now);
          else if (local.take([count], now) === 0) assert.ok(before + 1 <= limit / processes);
          else {
            assert.ok(before + 1 > Math.floor(limit / processes));
            continue;
          }
          passed.set(window, before + 1);
        }
      },
    ),
  );
});

const skip = redisUrl === undefined ? 'GATEHOUSE_TEST_REDIS_URL names no Redis or Valkey' : false;

describe('rates on a redis', { skip }, () => {
  const url = redisUrl ?? closedPort;
  const unlike = () => randomBytes(8).toString('hex');

  test('processes count together: as many pass as the limit says (M5, I4)', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => rates([often], { url })));
    const who = caller(unlike());
    const took = await Promise.all(
      Array.from({ length: 64 }, (_, i) => (all[i % 4] as Rates).take(who, model)),
    );
    assert.equal(took.filter((one) => one === 0).length, 10);
    assert.equal(took.filter((one) => one === 1).length, 54);
  });

  test('a request counts against every quota that applies, or against none', async () => {
    const one = await rates([often, daily], { url });
    const owner = unlike();
    const take = (name: string) => one.take(caller(name, { owner }), model);
    const [a, b] = [unlike(), unlike()];
    for (let i = 0; i < 6; i++) assert.equal(await take(a), 0);
    for (let i = 0; i < 20; i++) assert.equal(await take(a), 2);
    // The refused did not count against `often`: another owner goes on with the same agent.
    for (let i = 0; i < 4; i++) assert.equal(await one.take(caller(a), model), 0);
    assert.equal(await one.take(caller(a), model), 1);
    assert.equal(await take(b), 2);
  });

  test('a count outlives its window by a minute and no longer', async () => {
    const name = unlike();
    const one = await rates([often], { url });
    await one.take(caller(name), model);
    const client = createClient({ url });
    await client.connect();
    const [key = ''] = await client.keys(`*${name}*`);
    const lives = await client.pTTL(key);
    assert.ok(lives > 0 && lives <= 120_000, `${lives}`);
    client.destroy();
  });

  test('a redis that falls silent is given up at once, and taken up again by itself (M5)', async () => {
    const lines: string[] = [];
    const one = await rates([{ ...often, limit: 1_000_000 }], {
      url,
      log: (line) => lines.push(line),
    });
    const who = caller(unlike());
    assert.equal(await one.take(who, model), 0);
    const client = createClient({ url });
    await client.connect();
    await client.sendCommand(['CLIENT', 'PAUSE', '400', 'ALL']);
    client.destroy();
    assert.equal(await one.take(who, model), -1);
    while ((await one.take(who, model)) !== 0) await sleep(20);
    assert.deepEqual(
      lines.map((line) => /away|back/.exec(line)?.[0]),
      ['away', 'back'],
    );
  });
});
