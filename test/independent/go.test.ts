import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { testStore } from '../database.ts';
import { exampleEntry, staticLog } from '../ledger/static-log.ts';
import { body, closeLedgers, draft, signer, testLedger } from '../ledger/world.ts';

// Go's golang.org/x/mod/sumdb code, as Debian packages it, reads what we wrote.

const library = '/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog';
const skip = missing();

function missing(): string | false {
  if (spawnSync('go', ['version']).status !== 0)
    return 'go is not here (apt-get install golang-go)';
  if (!existsSync(library)) return 'x/mod is not here (apt-get install golang-golang-x-mod-dev)';
  return false;
}

describe('the independent check', { skip }, () => {
  let folder: string;
  let program: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-independent-'));
    program = join(folder, 'check');
    const source = join(import.meta.dirname, 'go', 'main.go');
    const env = {
      ...process.env,
      GO111MODULE: 'off',
      GOPATH: '/usr/share/gocode',
      GOFLAGS: '',
      GOCACHE: join(tmpdir(), 'gatehouse-go-cache'),
      CGO_ENABLED: '0',
    };
    execFileSync('go', ['build', '-o', program, source], { env });
  });
  after(async () => {
    await closeLedgers();
    await rm(folder, { recursive: true });
  });

  async function written(name: string, files: ReadonlyMap<string, Uint8Array>): Promise<string> {
    const home = join(folder, name);
    for (const [path, content] of files) {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), content);
    }
    return home;
  }
  function check(home: string, ...older: string[]): { ok: boolean; said: string } {
    const { status, stdout, stderr } = spawnSync(program, [home, signer.vkey, ...older]);
    return { ok: status === 0, said: `${stdout}${stderr}`.trim() };
  }

  test('accepts what the ledger exported, and its growth (A4)', async () => {
    const store = await testStore();
    const ledger = await testLedger(store);
    const home = join(folder, 'exported');
    const write = (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, n) =>
          ledger.record(draft({ n }, { bodies: n % 50 === 0 ? [body('x')] : [] })),
        ),
      );
    await write(700);
    await ledger.exportTiles(home);
    assert.deepEqual(check(home), { ok: true, said: 'ok 700' });
    const older = join(folder, 'older-checkpoint');
    await cp(join(home, 'checkpoint'), older);
    await write(400);
    await ledger.exportTiles(home);
    assert.deepEqual(check(home, older), { ok: true, said: 'ok 1100' });
    await closeLedgers();
    await store.close();
  });

  test('accepts every kind of size, up to three levels of tiles (A4)', async () => {
    for (const size of [1, 2, 255, 256, 257, 512, 65_536, 65_537, 66_000]) {
      const home = await written(`size-${size}`, staticLog(size));
      assert.deepEqual(check(home), { ok: true, said: `ok ${size}` });
    }
  });

  test('rejects one flipped byte in any file (A4)', async () => {
    const files = staticLog(600);
    for (const path of files.keys()) {
      if (path === 'key') continue;
      const bytes = Buffer.from(files.get(path) as Uint8Array);
      const at = bytes.length >> 1;
      bytes[at] = (bytes[at] as number) ^ 1;
      const home = await written(
        `flipped-${path.replaceAll('/', '-')}`,
        new Map(files).set(path, bytes),
      );
      assert.equal(check(home).ok, false, path);
    }
  });

  test('rejects a log that rewrote its past (A4)', async () => {
    const older = join(await written('past', staticLog(300)), 'checkpoint');
    const entry = (n: number) => exampleEntry(n === 3 ? 1003 : n);
    const forged = await written('forged', staticLog(600, entry));
    assert.equal(check(forged).ok, true);
    assert.match(check(forged, older).said, /^consistency/);
  });

  test('accepts the golden files of the first release', async () => {
    const golden = join(import.meta.dirname, '../../src/ledger/golden/log');
    assert.ok((await readdir(golden)).includes('tile'));
    assert.equal((await readFile(join(golden, 'key'))).toString().trim(), signer.vkey);
    assert.deepEqual(check(golden), { ok: true, said: 'ok 260' });
  });
});
