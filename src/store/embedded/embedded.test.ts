import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { storeChild } from '../../../test/store/child.ts';
import { folder, killed, postmaster, removeFolders } from '../../../test/store/folder.ts';
import { openStore, type Store } from '../store.ts';
import { prepareLayout } from './layout.ts';
import { alive } from './process.ts';

const quiet = () => {};
const open = (dataDir: string, log: (line: string) => void = quiet) => openStore({ dataDir, log });

async function rows(store: Store): Promise<Set<string>> {
  const found = await store.db.selectFrom('setting').select('name').execute();
  return new Set(found.map(({ name }) => name));
}

function acknowledged(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('row ')).map((line) => line.slice(4));
}

after(removeFolders);

describe('the embedded server', () => {
  let home = '';
  before(async () => {
    home = await folder();
  });

  test('is durable, without TCP, and its folders are closed to others (A5, D4)', async () => {
    const store = await open(home);
    const { rows: found } = await store.pool.query(
      `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit',
       'full_page_writes', 'data_checksums', 'listen_addresses', 'server_encoding') order by name`,
    );
    assert.deepEqual(Object.fromEntries(found.map(({ name, setting }) => [name, setting])), {
      data_checksums: 'on',
      fsync: 'on',
      full_page_writes: 'on',
      listen_addresses: '',
      server_encoding: 'UTF8',
      synchronous_commit: 'on',
    });
    const mode = async (path: string) => (await stat(join(home, 'postgres', path))).mode & 0o777;
    assert.equal(await mode('cluster/password'), 0o600);
    assert.equal(await mode('cluster/data'), 0o700);
    assert.equal(await mode('log'), 0o700);
    assert.equal(await mode('run'), 0o700);
    const password = (await readFile(join(home, 'postgres/cluster/password'), 'utf8')).trim();
    assert.ok(!store.describe().includes(password));
    const pid = await postmaster(home);
    await store.close();
    assert.equal(alive(pid), false);
    assert.deepEqual(await readdir(join(home, 'postgres/run')), []);
  });

  test('refuses a second Gatehouse, names the first, and lets it work on', async () => {
    const store = await open(home);
    const other = storeChild(home, 'hold');
    const said = await other.said('refused');
    await other.ended;
    assert.ok(said.includes(`process ${process.pid}`), said);
    assert.ok(said.includes('data folder of its own'), said);
    assert.equal((await store.pool.query('select 1 as one')).rows[0].one, 1);
    await store.close();
    const next = storeChild(home, 'once');
    await next.said('open');
    await next.ended;
  });

  test('is adopted after kill -9 of the process, with every acknowledged row', async () => {
    const writer = storeChild(home, 'write');
    await writer.said(`row ${writer.pid}/20`);
    const pid = await postmaster(home);
    await writer.kill();
    const log: string[] = [];
    const store = await open(home, (line) => log.push(line));
    assert.ok(log.some((line) => line.includes('adopted') && line.includes(String(pid))));
    assert.equal(await postmaster(home), pid);
    const kept = await rows(store);
    for (const name of acknowledged(writer.lines)) assert.ok(kept.has(name), name);
    await store.close();
    assert.equal(alive(pid), false);
  });

  test('recovers after kill -9 of everything, with every acknowledged row', async () => {
    const lines: string[] = [];
    for (let round = 0; round < 2; round++) {
      const writer = storeChild(home, 'write');
      await writer.said(`row ${writer.pid}/20`);
      await killed(await postmaster(home));
      await writer.kill();
      // The process may have begun another server just before its own end.
      lines.push(...writer.lines);
    }
    const store = await open(home);
    const kept = await rows(store);
    for (const name of acknowledged(lines)) assert.ok(kept.has(name), name);
    await store.close();
  });

  test('comes back by itself when it is killed under a running store', async () => {
    const log: string[] = [];
    const store = await open(home, (line) => log.push(line));
    const client = await store.pool.connect();
    await client.query('begin');
    const pid = await postmaster(home);
    await killed(pid);
    // A connection may answer once more before it sees that its server is gone.
    while ((await client.query('select 1').catch(() => null)) !== null) await sleep(5);
    client.release(true);
    let answer: unknown;
    while (answer === undefined) {
      answer = await store.pool.query('select 1 as one').then(
        ({ rows }) => rows[0].one,
        () => sleep(20),
      );
    }
    assert.equal(answer, 1);
    assert.notEqual(await postmaster(home), pid);
    // It is held again, too.
    const other = storeChild(home, 'hold');
    assert.ok((await other.said('refused')).includes(`process ${process.pid}`));
    await other.ended;
    await store.close();
    assert.equal(alive(await postmaster(home).catch(() => 0)), false);
  });

  test('starts over a postmaster.pid that names a process which nobody reaped', async () => {
    // `sleep` takes the shell's place and never looks after the child that it inherits.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [said] = (await once(parent.stdout as Readable, 'data')) as [Buffer];
    const zombie = Number.parseInt(said.toString(), 10);
    while (alive(zombie)) await sleep(5);
    process.kill(zombie, 0);
    await (await open(home)).close();
    const data = join(home, 'postgres/cluster/data');
    await writeFile(join(data, 'postmaster.pid'), `${zombie}\n${data}\n1\n5432\n`);
    const store = await open(home);
    assert.notEqual(await postmaster(home), zombie);
    parent.kill();
    await store.close();
  });

  test('starts over a stale postmaster.pid whose number another program has', async () => {
    const stranger = spawn('sleep', ['60']);
    const file = join(home, 'postgres/cluster/data/postmaster.pid');
    await writeFile(file, `${stranger.pid}\n${join(home, 'postgres/cluster/data')}\n1\n5432\n`);
    const store = await open(home);
    assert.notEqual(await postmaster(home), stranger.pid);
    assert.equal(alive(stranger.pid as number), true);
    stranger.kill();
    await store.close();
  });
});

describe('a first start', () => {
  test('of four processes at once has one winner, and the others name it', async () => {
    const home = await folder();
    const all = Array.from({ length: 4 }, () => storeChild(home, 'hold'));
    const said = await Promise.all(all.map((one) => one.said('open', 'refused')));
    const winners = all.filter((_, at) => said[at] === 'open');
    assert.equal(winners.length, 1, said.join('\n'));
    const winner = winners[0]?.pid;
    for (const line of said)
      assert.ok(line === 'open' || line?.includes(`process ${winner}`), line);
    await Promise.all(all.map((one) => one.kill()));
    await (await open(home)).close();
  });

  test('that is killed in the middle leaves the next one a clean start', async () => {
    const home = await folder();
    for (const wait of [100, 350, 600]) {
      const child = storeChild(home, 'hold');
      await sleep(wait);
      await child.kill();
    }
    const store = await open(home);
    assert.equal((await store.pool.query('select count(*) as n from agent')).rows[0].n, 0);
    await store.close();
    // What an orphaned initdb was still writing then, the next start clears away.
    await (await open(home)).close();
    for (const path of ['postgres', 'postgres/runtime']) {
      const left = (await readdir(join(home, path))).filter((name) => name.startsWith('draft'));
      assert.deepEqual(left, []);
    }
  });

  test('in a folder whose name is too long for a socket works all the same', async () => {
    const home = join(await folder(), 'x'.repeat(120));
    const store = await open(home);
    assert.equal((await store.pool.query('select 1 as one')).rows[0].one, 1);
    await store.close();
  });

  test('as root under a closed parent keeps the database where its user can reach it', async (t) => {
    if (process.geteuid?.() !== 0) return t.skip('only root meets this');
    const parent = join(await folder(), 'closed');
    const home = join(parent, 'data');
    await mkdir(parent, { mode: 0o700 });
    for (const line of [1, 0]) {
      const log: string[] = [];
      const store = await open(home, (text) => log.push(text));
      assert.equal(log.filter((text) => text.includes('closed to the database')).length, line);
      await store.close();
    }
    assert.equal((await stat(parent)).mode & 0o777, 0o700);
    await rm(await realpath(join(home, 'postgres')), { recursive: true });
    await assert.rejects(open(home), { code: 'store_unavailable', message: /are gone; restore/ });
    const refuge = join(parent, 'refuge');
    await assert.rejects(prepareLayout(join(parent, 'other'), quiet, refuge), {
      code: 'store_unavailable',
      message: /refuses to run as root.*unprivileged user.*DATABASE_URL/,
    });
  });
});

describe('a data folder that is not what it was', () => {
  const refused = (home: string, message: RegExp) =>
    assert.rejects(open(home), { code: 'store_unavailable', message });

  test('is refused and left alone, each case with its mend', async () => {
    const home = await folder();
    await (await open(home)).close();
    const cluster = join(home, 'postgres/cluster');
    const version = join(cluster, 'data/PG_VERSION');
    await writeFile(version, '17\n');
    await refused(home, /made by PostgreSQL 17 and this gatehouse brings 18.*pg_dump/);
    await rm(version);
    await refused(home, /not a whole PostgreSQL data folder; restore it/);
    await writeFile(version, '18\n');
    const password = join(cluster, 'password');
    const kept = await readFile(password);
    await writeFile(password, 'another\n');
    await refused(home, /password authentication failed/);
    await rm(password);
    await refused(home, /password .* cannot be read; restore it from a backup/);
    await writeFile(password, kept, { mode: 0o600 });
    const control = join(cluster, 'data/global/pg_control');
    await rm(control);
    await refused(home, /did not start; it said .*pg_control/);
  });
});

test('all of this holds for a user without rights', async (t) => {
  if (process.geteuid?.() !== 0) return t.skip('this is that user');
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = { uid: 65534, gid: 65534, env };
  const child = spawn(process.execPath, ['--test', import.meta.filename], options);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const code = await new Promise((done) => child.on('close', done));
  assert.equal(code, 0, said);
});
