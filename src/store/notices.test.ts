import assert from 'node:assert/strict';
import { createConnection, createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type TestStore, testStore } from '../../test/database.ts';
import { until } from '../../test/until.ts';
import { GatehouseError, type JsonObject, systemClock } from '../kernel/index.ts';
import { type Notices, noticeText, notify, openNotices } from './notices.ts';
import { openPool } from './pool.ts';

let store: TestStore;
const opened: Notices[] = [];

async function open(pool = store.pool, log: (line: string) => void = () => {}): Promise<Notices> {
  const notices = await openNotices({ pool, clock: systemClock, log });
  opened.push(notices);
  return notices;
}

function heardBy(notices: Notices, kind = 'test'): JsonObject[] {
  const heard: JsonObject[] = [];
  notices.listen(kind, (payload) => heard.push(payload));
  return heard;
}

async function cutListeners(): Promise<void> {
  await store.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'gatehouse notices'`);
}

describe('notices', () => {
  before(async () => {
    store = await testStore();
  });
  after(async () => {
    for (const one of opened) await one.close();
    await store.close();
  });

  test('reach every process that listens for their kind, the sender too (A1)', async () => {
    const here = await open();
    const there = await open();
    assert.ok(here.connected && there.connected);
    const all = [heardBy(here), heardBy(there), heardBy(there, 'other')];
    await here.send('test', { id: 'x' });
    await until('both hear', () => all[0]?.length === 1 && all[1]?.length === 1);
    assert.deepEqual(all, [[{ id: 'x', kind: 'test' }], [{ id: 'x', kind: 'test' }], []]);
  });

  test('in a transaction arrive if and only if it commits (A1)', async () => {
    const notices = await open();
    const heard = heardBy(notices);
    const rolledBack = store.db.transaction().execute(async (transaction) => {
      await notify(transaction, 'test', [{ id: 'never' }]);
      throw new Error('no');
    });
    await assert.rejects(rolledBack, /no/);
    await store.db.transaction().execute(async (transaction) => {
      await notify(transaction, 'test', [{ id: 'one' }, { id: 'two' }]);
    });
    await until('two are heard', () => heard.length >= 2);
    assert.deepEqual(
      heard.map(({ id }) => id),
      ['one', 'two'],
    );
  });

  test('that were lost with the connection are told as a gap (A1)', async () => {
    const lines: string[] = [];
    const notices = await open(store.pool, (line) => lines.push(line));
    const heard = heardBy(notices);
    let gaps = 0;
    notices.onGap(() => {
      gaps += 1;
    });
    await cutListeners();
    await until('the connection is back', () => gaps === 1 && notices.connected);
    await notices.send('test', { id: 'again' });
    await until('it is heard', () => heard.length === 1);
    assert.match(lines[0] ?? '', /lost/);
    assert.match(lines[1] ?? '', /again/);
  });

  test('over a line that died in silence are missed for no longer than it is noticed (A1)', async () => {
    const line = await silentLine(store.url);
    const pool = openPool({ connectionString: line.url }, 1, () => {});
    const notices = await open(pool);
    let gaps = 0;
    notices.onGap(() => {
      gaps += 1;
    });
    assert.ok(notices.connected);
    line.silence();
    await until('it is doubted', () => !notices.connected);
    line.restore();
    await until('another connection came', () => gaps === 1 && notices.connected);
    await notices.close();
    await pool.end();
    await line.close();
  });

  test('through a pooler that swallows them are not waited for (A1)', async () => {
    const line = await silentLine(store.url, withoutNotices);
    const pool = openPool({ connectionString: line.url }, 1, () => {});
    const lines: string[] = [];
    const notices = await open(pool, (said) => lines.push(said));
    assert.ok(!notices.connected);
    assert.match(lines[0] ?? '', /pooler/);
    await notices.close();
    await pool.end();
    await line.close();
  });

  test('of any content harm nobody, nor does a listener that throws (A1)', async () => {
    const lines: string[] = [];
    const notices = await open(store.pool, (line) => lines.push(line));
    notices.listen('test', () => {
      throw new Error('of my own');
    });
    const heard = heardBy(notices);
    for (const text of ['', '{', 'null', '7', '[]', '{}', '{"kind":7}', '"kind"']) {
      await store.pool.query('select pg_notify($1, $2)', ['gatehouse', text]);
    }
    await notices.send('test', {});
    await until('the good one is heard', () => heard.length === 1);
    assert.match(lines.join(), /listener of notices failed: of my own/);
  });

  test('have a size that PostgreSQL takes', async () => {
    const text = noticeText('test', { id: 'x'.repeat(7_800) });
    await store.pool.query('select pg_notify($1, $2)', ['gatehouse', text]);
    assert.throws(() => noticeText('test', { id: 'x'.repeat(8_000) }), RangeError);
  });

  test('are silent once nobody listens, and cannot be sent to a server that is away', async () => {
    const away = await testStore();
    const notices = await open(away.pool);
    const heard: JsonObject[] = [];
    const unlisten = notices.listen('test', (payload) => heard.push(payload));
    await notices.send('test', { id: '1' });
    await until('it is heard', () => heard.length === 1);
    unlisten();
    await notices.send('test', { id: '2' });
    const other = heardBy(notices);
    await notices.send('test', { id: '3' });
    await until('the other hears', () => other.length > 0);
    assert.equal(heard.length, 1);
    await notices.close();
    await notices.close();
    assert.ok(!notices.connected);
    await away.close();
    await assert.rejects(notices.send('test', {}), (error: GatehouseError) => {
      assert.equal(error.code, 'store_unavailable');
      return error instanceof GatehouseError;
    });
  });
});

/** A way to the server that can stop to carry anything without being closed. */
async function silentLine(address: string, carried = () => (bytes: Buffer) => bytes) {
  const { user, password, database, host } = parsed(address);
  const sockets: Socket[] = [];
  let silent = false;
  const server = createServer((near) => {
    const far = createConnection(`${host}/.s.PGSQL.5432`);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('data', (bytes) => silent || far.write(bytes));
    const carry = carried();
    far.on('data', (bytes: Buffer) => silent || near.write(carry(bytes)));
    near.on('close', () => far.destroy());
    sockets.push(near, far);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as { port: number };
  return {
    url: `postgres://${user}:${password}@127.0.0.1:${port}/${database}`,
    silence() {
      silent = true;
    },
    /** For connections to come. */
    restore() {
      for (const socket of sockets.splice(0)) {
        socket.removeAllListeners('data');
        socket.resume();
      }
      silent = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** What the server says but for NotificationResponse ('A'), message by message. */
function withoutNotices() {
  let rest = Buffer.alloc(0);
  return (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    const passed: Buffer[] = [];
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const end = 1 + rest.readUInt32BE(1);
      if (rest[0] !== 'A'.charCodeAt(0)) passed.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    return Buffer.concat(passed);
  };
}

function parsed(address: string) {
  const [, user = '', password = '', host = '', database = ''] =
    /^postgres:\/\/([^:]*):([^@]*)@([^/]*)\/(.*)$/.exec(address) ?? [];
  return { user, password, host: decodeURIComponent(host), database };
}
