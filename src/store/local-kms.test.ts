import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { localKms } from './local-kms.ts';

const folder = await mkdtemp(join(tmpdir(), 'gatehouse-kms-'));
after(() => rm(folder, { recursive: true }));

let files = 0;
const newFile = () => join(folder, `key-${files++}`);

test('a key file is made once, whole and for its owner alone, by many at once (D4)', async () => {
  const file = newFile();
  const all = await Promise.all(Array.from({ length: 8 }, () => localKms(file, randomBytes)));
  assert.equal(new Set(all.map(({ id }) => id)).size, 1);
  const { mode, size } = await stat(file);
  assert.deepEqual([mode & 0o777, size], [0o600, 32]);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => file.endsWith(name.slice(0, 5))),
    ['key-0'],
  );
  const secret = randomBytes(32);
  const wrapped = await (all[0] as (typeof all)[0]).wrap(Buffer.from(secret));
  assert.deepEqual(await (await localKms(file, randomBytes)).unwrap(wrapped), secret);
});

test('a wrapped key opens with no other key and with no bit changed (D4)', async () => {
  const kms = await localKms(newFile(), randomBytes);
  const other = await localKms(newFile(), randomBytes);
  assert.notEqual(kms.id, other.id);
  const wrapped = await kms.wrap(randomBytes(32));
  await assert.rejects(other.unwrap(wrapped), { code: 'unverified' });
  for (let at = 0; at < wrapped.length; at++) {
    const changed = Buffer.from(wrapped);
    changed[at] = (changed[at] as number) ^ 1;
    await assert.rejects(kms.unwrap(changed), { code: 'unverified' });
  }
  await assert.rejects(kms.unwrap(wrapped.subarray(0, 20)), { code: 'unverified' });
});

test('a key file that is open to others, of a wrong length or unreadable is refused (D4)', async () => {
  const file = newFile();
  await localKms(file, randomBytes);
  await chmod(file, 0o640);
  const message = /open to others \(mode 0640\).*chmod 600/;
  await assert.rejects(localKms(file, randomBytes), { code: 'store_unavailable', message });
  await chmod(file, 0o600);
  await writeFile(file, (await readFile(file)).subarray(0, 16));
  await assert.rejects(localKms(file, randomBytes), { message: /has 16 bytes/ });
  await assert.rejects(localKms(folder, randomBytes), { code: 'store_unavailable' });
  await assert.rejects(localKms(join(file, 'below'), randomBytes), {
    code: 'store_unavailable',
    message: /cannot be read \(ENOTDIR\)/,
  });
});
