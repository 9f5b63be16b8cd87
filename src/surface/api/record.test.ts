import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { inbound, output, policyFinding, traceOf } from '../../../test/control/decisions.ts';
import { type ControlWorld, controlWorld, problem } from '../../../test/control/world.ts';
import { verifyBundle, verifyLog } from '../../ledger/index.ts';
import { entryList, logHead, provenEntry, trace, traceList } from '../contract/index.ts';

let world: ControlWorld;

describe('the record, through the control plane', () => {
  before(async () => {
    world = await controlWorld();
  });
  beforeEach(() => {
    world.log.broken = false;
    world.log.happened.length = 0;
  });
  after(() => world.close());

  describe('traces (A4, E5)', () => {
    before(async () => {
      const { log } = world;
      await log.put(inbound(1), { input: 'what is asked' });
      await log.put(inbound(2, { level: 'deny', findings: [policyFinding('not for you')] }));
      await log.put(inbound(3, { asked: 'other', route: 'other@1' }));
      await log.put(output(3));
      await log.put(output(1, { bodies: [] }));
    });

    const listed = async (query: string) => {
      const answer = await world.ask(`/v1/traces?${query}`);
      assert.equal(answer.status, 200, answer.text);
      return traceList.parse(answer.json());
    };

    test('are listed by when they began, the newest first, page by page', async () => {
      const all = await listed('');
      assert.deepEqual(
        all.traces.map((one) => one.trace),
        [3, 2, 1].map(traceOf),
      );
      const first = await listed('limit=2');
      assert.deepEqual(
        first.traces.map((one) => one.trace),
        [3, 2].map(traceOf),
      );
      const second = await listed(`limit=2&before=${first.next}`);
      assert.deepEqual(
        second.traces.map((one) => one.trace),
        [traceOf(1)],
      );
    });

    test('are filtered by agent, model and verdict', async () => {
      const traces = async (query: string) => {
        return (await listed(query)).traces.map((one) => Number.parseInt(one.trace, 16));
      };
      assert.deepEqual(await traces('verdict=deny'), [2]);
      assert.deepEqual(await traces('model=other'), [3]);
      assert.deepEqual(await traces('model=gpt-x@2026-05'), [1]);
      assert.deepEqual(await traces('agent=support-bot'), [3, 2, 1]);
      assert.deepEqual(await traces('agent=agt_1&verdict=allow'), [3, 1]);
      assert.deepEqual(await traces('agent=nobody'), []);
      const bad = await world.ask('/v1/traces?verdict=maybe&limit=0');
      problem(bad, 400, 'bad_request', /`verdict`.*`limit`/);
    });

    test('one is told as a sentence, a path and its entries with receipts', async () => {
      const told = trace.parse((await world.ask(`/v1/traces/${traceOf(1)}`)).json());
      assert.match(told.summary.story, /^support-bot, owned by ana@example\.org, asked/);
      const blocks = told.path.map(({ block }) => block);
      assert.deepEqual(blocks, ['input', 'model', 'output', 'action']);
      assert.equal(told.entries.length, 2);
      assert.match(told.entries[0]?.receipt ?? '', /tlog-proof/);
      problem(await world.ask(`/v1/traces/${traceOf(99)}`), 404, 'not_found', /trace/);
      problem(await world.ask('/v1/traces/xyz'), 400, 'bad_request', /32 hexadecimal/);
    });

    test('a bundle holds bodies only if asked, and then the look is on the record first', async () => {
      const path = `/v1/traces/${traceOf(1)}/bundle`;
      const closed = await world.ask(path);
      assert.equal((closed.json() as { bodies: unknown[] }).bodies.length, 0);
      assert.deepEqual(world.log.happened, ['bundle']);
      const opened = await world.ask(`${path}?bodies=true`);
      assert.equal(opened.status, 200, opened.text);
      const { bodies } = opened.json() as { bodies: { bytes: string }[] };
      assert.equal(Buffer.from(bodies[0]?.bytes ?? '', 'base64').toString(), 'what is asked');
      for (const { text } of [closed, opened]) {
        const { ok, problem: wrong } = await verifyBundle(text, { key: world.log.key });
        assert.deepEqual([ok, wrong], [true, null]);
      }
      assert.match(String(opened.headers['content-disposition']), /\.bundle\.json"$/);
      assert.deepEqual(world.log.happened, ['bundle', 'append body.read', 'bundle']);
      const look = (await world.log.all()).at(-1);
      assert.equal(look?.['trace'], traceOf(1));
    });

    test('no body leaves when the look cannot be written down', async () => {
      world.log.broken = true;
      const answer = await world.ask(`/v1/traces/${traceOf(1)}/bundle?bodies=true`);
      assert.equal(answer.status, 500);
      assert.deepEqual(world.log.happened, []);
      problem(await world.ask(`/v1/traces/${traceOf(9)}/bundle`), 404, 'not_found', /trace/);
    });
  });

  describe('the log (A4, D4)', () => {
    test('is told by its head and entry by entry', async () => {
      const head = logHead.parse((await world.ask('/v1/ledger')).json());
      assert.equal(head.size, (await world.log.all()).length);
      assert.match(head.root, /^[0-9a-f]{64}$/);
      const page = entryList.parse((await world.ask('/v1/ledger/entries?limit=2')).json());
      assert.equal(page.entries[0]?.index, (await world.log.all()).length - 1);
      assert.equal(page.next, (await world.log.all()).length - 2);
      const one = provenEntry.parse((await world.ask('/v1/ledger/entries/0')).json());
      assert.equal(one.index, 0);
      problem(await world.ask('/v1/ledger/entries/999999'), 404, 'not_found', /999999/);
      problem(await world.ask('/v1/ledger/entries/-1'), 400, 'bad_request', /index/);
    });

    test('is served as the static files of C2SP tlog-tiles', async () => {
      const size = (await world.log.all()).length;
      const part = await world.ask(`/log/tile/0/000.p/${size}`);
      assert.equal(part.bytes.length, size * 32);
      assert.equal(part.headers['cache-control'], 'private, max-age=60');
      assert.equal((await world.ask(`/log/tile/entries/000.p/${size}`)).status, 200);
      const wrong = ['0/001', '0/x001/000', '64/000', '00/000', '0/0', '0/000.p/0', '0/000.p/256'];
      for (const path of [...wrong, '0/000', 'entries/x000/001', 'data/000', '0/000.p/5/6']) {
        problem(await world.ask(`/log/tile/${path}`), 404, 'not_found', /no tile/);
      }
      assert.equal((await world.ask('/log/key')).text, `${world.log.key}\n`);
    });

    test('verifies as an outsider reads it, full tiles and all, over HTTP', async () => {
      const { log } = world;
      await Promise.all(Array.from({ length: 300 }, (_, i) => log.append('test', { i })));
      const full = await world.ask('/log/tile/0/000');
      assert.equal(full.bytes.length, 256 * 32);
      assert.equal(full.headers['cache-control'], 'private, max-age=31536000, immutable');
      const read = async (path: string) => {
        const answer = await world.ask(`/log/${path}`);
        return answer.status === 200 ? answer.bytes : null;
      };
      const { ok, problem: wrong } = await verifyLog(read, { key: log.key });
      assert.deepEqual([ok, wrong], [true, null]);
    });
  });
});
