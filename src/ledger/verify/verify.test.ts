import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { forEachDatabase, type TestStore } from '../../../test/database.ts';
import { exampleEntry, staticLog } from '../../../test/ledger/static-log.ts';
import {
  body,
  closeLedgers,
  draft,
  signer,
  testLedger,
  testVault,
  traceId,
} from '../../../test/ledger/world.ts';
import { formatBundle, parseBundle } from '../bundle/bundle.ts';
import { folderReader } from '../bundle/tile-folder.ts';
import type { Ledger } from '../ledger.ts';
import { generateKey, signerOf } from '../note/key.ts';
import { verifyBundle } from './verify-bundle.ts';
import { verifyLog } from './verify-log.ts';

const key = signer.vkey;
const stranger = signerOf(generateKey(signer.name, (size) => Buffer.alloc(size, 9)));
const text = (files: Map<string, Uint8Array>, path: string) =>
  Buffer.from(files.get(path) as never).toString();

function problemOf(files: Map<string, Uint8Array>, options = {}): Promise<string | null> {
  const read = async (path: string) => files.get(path) ?? null;
  return verifyLog(read, { key, ...options }).then(({ problem }) => problem);
}

function changed(
  files: Map<string, Uint8Array>,
  path: string,
  at: number,
): Map<string, Uint8Array> {
  const bytes = Buffer.from(files.get(path) as Uint8Array);
  bytes[at] = (bytes[at] as number) ^ 1;
  return new Map(files).set(path, bytes);
}

describe('a log as files', () => {
  const size = 600;
  const files = staticLog(size);

  test('verifies at every kind of size (A4)', async () => {
    for (const one of [0, 1, 2, 255, 256, 257, 512, 600]) {
      assert.equal(await problemOf(staticLog(one)), null, `${one}`);
    }
  });

  test('without a pinned key says that the key came with the log', async () => {
    const found = await verifyLog(async (path) => files.get(path) ?? null);
    assert.ok(found.ok && !found.pinned);
    assert.match(found.checks[0]?.detail ?? '', /came along/);
    const pinned = await verifyLog(async (path) => files.get(path) ?? null, { key });
    assert.ok(pinned.ok && pinned.pinned);
  });

  test('names the first thing that is wrong (A4)', async () => {
    const without = (path: string) => {
      const copy = new Map(files);
      copy.delete(path);
      return copy;
    };
    const cases: [Map<string, Uint8Array>, RegExp][] = [
      [
        changed(files, 'tile/entries/001', 200),
        /^entry 257 does not give its hash in `tile\/0\/001`/,
      ],
      [changed(files, 'tile/0/000', 32 * 17), /^entry 17 does not give its hash/],
      [changed(files, 'tile/entries/001', 0), /^`tile\/entries\/001` does not hold 256 entries/],
      [changed(files, 'tile/1/000.p/2', 40), /^`tile\/1\/000\.p\/2` does not hold what/],
      [changed(files, 'checkpoint', 3), /^the checkpoint is not signed by the key/],
      [without('checkpoint'), /no `checkpoint`/],
      [without('tile/entries/002.p/88'), /^`tile\/entries\/002\.p\/88` is missing/],
      [without('tile/0/002.p/88'), /^`tile\/0\/002\.p\/88` is missing/],
      [without('tile/1/000.p/2'), /^`tile\/1\/000\.p\/2` is missing/],
      [new Map(files).set('tile/0/000', Buffer.alloc(31)), /does not hold 256 hashes/],
    ];
    for (const [broken, expected] of cases) assert.match(String(await problemOf(broken)), expected);
    assert.match(String(await problemOf(files, { key: stranger.vkey })), /not signed by the key/);
    assert.match(String(await problemOf(files, { key: 'nonsense' })), /no verifier key/);
    assert.match(String(await problemOf(without('key'), { key: undefined })), /no key/);
  });

  test('an entry that is signed for but no entry of ours is named', async () => {
    const bad = (entry: string) =>
      problemOf(staticLog(300, (n) => (n === 270 ? entry : exampleEntry(n))));
    assert.match(String(await bad('{"v":1, "kind":"x"}')), /^entry 270 is not canonical/);
    assert.match(String(await bad('{"kind":"x","kind":"y","v":1}')), /^entry 270 is not canonical/);
    assert.match(String(await bad('[]')), /^entry 270 is not a JSON object/);
    assert.match(String(await bad('{"kind":"x","v":2}')), /^entry 270 has version `2`/);
    assert.match(String(await bad('{"v":1}')), /^entry 270 has no kind/);
    assert.match(String(await bad('\ufeff{"kind":"x","v":1}')), /^entry 270 is not canonical/);
    const deep = `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)},"kind":"x","v":1}`;
    assert.match(String(await bad(deep)), /^entry 270 is not canonical/);
  });

  test('a log whose entries, tiles and root were all rewritten does not continue the past (A4)', async () => {
    const forged = staticLog(size, (n) => (n === 3 ? exampleEntry(1003) : exampleEntry(n)));
    assert.equal(await problemOf(forged), null);
    for (const then of [4, 256, 300, 600]) {
      const older = text(staticLog(then), 'checkpoint');
      assert.equal(await problemOf(files, { older }), null, `${then}`);
      const problem = await problemOf(forged, { older });
      assert.match(String(problem), /not a continuation of the older checkpoint/, `${then}`);
    }
    for (const then of [0, 3]) {
      const older = text(staticLog(then), 'checkpoint');
      assert.equal(await problemOf(forged, { older }), null, `${then}`);
    }
    const newer = text(staticLog(601), 'checkpoint');
    assert.match(String(await problemOf(files, { older: newer })), /fewer than the 601/);
    assert.match(String(await problemOf(files, { older: 'x' })), /older checkpoint is not one/);
  });

  test('no flipped bit passes (A4, fuzz)', async () => {
    const small = staticLog(260);
    const paths = [...small.keys()].filter((path) => path !== 'key');
    const place = fc.tuple(fc.constantFrom(...paths), fc.nat(), fc.integer({ min: 0, max: 7 }));
    await fc.assert(
      fc.asyncProperty(place, async ([path, at, bit]) => {
        const bytes = Buffer.from(small.get(path) as Uint8Array);
        bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << bit);
        assert.notEqual(await problemOf(new Map(small).set(path, bytes)), null);
      }),
      { seed: 4, numRuns: 150 },
    );
  });
});

forEachDatabase('what leaves the ledger', (server) => {
  let store: TestStore;
  let ledger: Ledger;
  let folder: string;
  const trace = traceId();

  before(async () => {
    store = await server.store();
    ledger = await testLedger(store);
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-tiles-'));
    await Promise.all(Array.from({ length: 300 }, (_, n) => ledger.record(draft({ n }))));
    await ledger.record(draft({ n: 1 }, { trace, bodies: [body('what was asked', 'owner-a')] }));
    await ledger.record(draft({ n: 2 }, { trace, bodies: [body('what was said', 'owner-b')] }));
  });
  after(async () => {
    await closeLedgers();
    await store.close();
    await rm(folder, { recursive: true });
  });

  const exported = async (bodies: boolean) => (await ledger.bundle(trace, { bodies })) as string;

  test('a folder of tiles verifies, grows, and fails after a flipped byte (A4)', async () => {
    assert.equal(await ledger.exportTiles(folder), 302);
    const read = folderReader(folder);
    assert.equal((await verifyLog(read, { key })).problem, null);
    const older = (await readFile(join(folder, 'checkpoint'))).toString();
    await ledger.append('start', {});
    assert.equal(await ledger.exportTiles(folder), 303);
    assert.equal((await verifyLog(read, { key, older })).problem, null);
    const path = join(folder, 'tile/entries/000');
    const bytes = await readFile(path);
    await writeFile(path, bytes.with(1000, (bytes[1000] as number) ^ 1));
    assert.match(String((await verifyLog(read, { key })).problem), /^entry \d+ /);
    assert.equal(await read('../../etc/passwd'), null);
  });

  test('a bundle verifies offline, opened or closed (A4, E5)', async () => {
    for (const bodies of [true, false]) {
      const bundle = await exported(bodies);
      const found = await verifyBundle(bundle, { key });
      assert.equal(found.problem, null);
      assert.ok(found.pinned && found.checks.every(({ ok }) => ok));
      assert.equal(bundle.includes('opening'), bodies);
      const own = await verifyBundle(bundle);
      assert.ok(own.ok && !own.pinned);
      assert.match(own.checks[1]?.detail ?? '', /came along/);
    }
    const other = await verifyBundle(await exported(true), { key: stranger.vkey });
    assert.match(String(other.problem), /another key than yours/);
  });

  test('a bundle stays whole when a body is shredded (D4)', async () => {
    const vault = await testVault(store);
    const own = await testLedger(store, { vault });
    const mine = traceId();
    await own.record(
      draft({}, { trace: mine, bodies: [body('stays', 'kept'), body('goes', 'gone')] }),
    );
    await vault.shred('gone');
    const bundle = (await own.bundle(mine, { bodies: true })) as string;
    const parsed = parseBundle(bundle);
    assert.ok(typeof parsed !== 'string' && parsed.bodies.length === 1);
    assert.equal((await verifyBundle(bundle, { key })).problem, null);
    await own.close();
  });

  test('one flipped bit anywhere breaks a bundle (A4, E5)', async () => {
    const bytes = Buffer.from(await exported(true));
    const place = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 0, max: 7 }));
    await fc.assert(
      fc.asyncProperty(place, async ([at, bit]) => {
        const copy = bytes.with(at, (bytes[at] as number) ^ (1 << bit));
        const found = await verifyBundle(Buffer.from(copy).toString());
        assert.ok(!found.ok && found.problem !== null);
      }),
      { seed: 5, numRuns: 1500 },
    );
  });

  test('what was changed in a bundle is named', async () => {
    const bundle = parseBundle(await exported(true));
    assert.ok(typeof bundle !== 'string');
    const [first, second] = bundle.entries;
    const [one, two] = bundle.bodies;
    assert.ok(first && second && one && two);
    const cases: [object, RegExp][] = [
      [
        { entries: [{ ...first, entry: first.entry.replace('"n":1', '"n":7') }, second] },
        /receipt of entry 300 does not prove/,
      ],
      [{ entries: [{ ...first, index: 299 }, second] }, /receipt of entry 299 is for entry 300/],
      [
        { entries: [first, { ...second, receipt: first.receipt }] },
        /receipt of entry 301 is for entry 300/,
      ],
      [{ entries: [second, first] }, /entry 300 is not in its order/],
      [{ entries: [first, first] }, /entry 300 is not in its order/],
      [{ entries: [] }, /holds no entry/],
      [{ trace: traceId() }, /entry 300 is of another trace/],
      [{ bodies: [{ ...one, bytes: two.bytes }] }, /is not what its entry commits to/],
      [{ bodies: [{ ...one, opening: two.opening }] }, /is not what its entry commits to/],
      [{ bodies: [{ ...one, blob: 'x' }] }, /belongs to no entry/],
      [{ bodies: [one, one] }, /comes twice/],
      [{ key: stranger.vkey }, /not signed by the key/],
      [{ origin: 'x' }, /names another origin/],
      [{ extra: 1 }, /too many/],
      [{ version: 2 }, /has version `2`/],
      [{ format: 'x' }, /no gatehouse bundle/],
    ];
    for (const [change, expected] of cases) {
      const found = await verifyBundle(formatBundle({ ...bundle, ...change }));
      assert.match(String(found.problem), expected);
      assert.equal(found.checks.at(-1)?.ok, false);
    }
  });

  test('anything else is no bundle (fuzz)', async () => {
    const good = await exported(true);
    const json = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constant(good.trim()),
      fc.constant(` ${good}`),
    );
    const cut = fc.nat({ max: good.length - 1 }).map((at) => good.slice(0, at));
    await fc.assert(
      fc.asyncProperty(fc.oneof(json, cut), async (input) => {
        assert.ok(!(await verifyBundle(input)).ok);
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});
