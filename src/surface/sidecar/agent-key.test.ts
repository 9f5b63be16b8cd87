import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import {
  agentKeyPath,
  newSigningKey,
  publicKeyPath,
  readSigningKey,
  writeSigningKey,
} from './agent-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-key-'));
after(() => rmSync(folder, { recursive: true }));

describe("an agent's key", () => {
  test('is written for its owner alone, its public half beside it, and read again (A2)', async () => {
    const file = join(folder, 'new', 'bot.jwk');
    const key = newSigningKey();
    writeSigningKey(file, key);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'new')).mode & 0o777, 0o700);
    assert.deepEqual(JSON.parse(readFileSync(publicKeyPath(file), 'utf8')), key.jwk);
    assert.equal('d' in key.jwk, false);
    assert.deepEqual(readSigningKey(file).jwk, key.jwk);
    assert.equal(key.jwk.kid, await calculateJwkThumbprint({ ...key.jwk }));
  });

  test('is never overwritten (A2)', () => {
    const file = join(folder, 'once.jwk');
    writeSigningKey(file, newSigningKey());
    const before = readFileSync(file, 'utf8');
    assert.throws(() => writeSigningKey(file, newSigningKey()), /never overwritten/);
    assert.equal(readFileSync(file, 'utf8'), before);
  });

  test('that others may read is refused, with the mend (A2)', (t) => {
    if (process.platform === 'win32') return t.skip('no modes here');
    const file = join(folder, 'open.jwk');
    writeSigningKey(file, newSigningKey());
    for (const mode of [0o640, 0o604, 0o660, 0o644, 0o601]) {
      chmodSync(file, mode);
      assert.throws(() => readSigningKey(file), new RegExp(`mode ${mode.toString(8)}.*chmod 600`));
    }
    chmodSync(file, 0o400);
    assert.ok(readSigningKey(file));
  });

  test('of another kind, broken or absent is refused, and its text is not repeated (A2)', () => {
    const jwk = (curve: string) =>
      JSON.stringify(
        generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ format: 'jwk' }),
      );
    const { d: _, ...half } = JSON.parse(jwk('P-256'));
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const broken = [
      '',
      '{"secret":"s3cret"}',
      's3cret',
      jwk('P-384'),
      JSON.stringify(half),
      JSON.stringify(rsa.export({ format: 'jwk' })),
    ];
    for (const [i, text] of broken.entries()) {
      const file = join(folder, `broken-${i}.jwk`);
      writeFileSync(file, text, { mode: 0o600 });
      assert.throws(
        () => readSigningKey(file),
        (error: Error) => {
          assert.match(error.message, /holds no P-256 private JWK/);
          assert.doesNotMatch(inspect(error, { depth: 9 }), /s3cret|"d"/);
          return true;
        },
      );
    }
    assert.throws(() => readSigningKey(join(folder, 'none.jwk')), /agent keygen NAME/);
  });

  test('lies in the home folder, and a name cannot lead elsewhere', () => {
    const path = agentKeyPath({ HOME: '/home/ana' }, 'support-bot');
    assert.equal(path, '/home/ana/.gatehouse/agents/support-bot.jwk');
    for (const name of ['../x', 'a/b', '', '.', '..', 'A', 'a\0b', 'a'.repeat(65)]) {
      assert.throws(() => agentKeyPath({ HOME: '/home/ana' }, name), /no agent's name/);
    }
  });

  test('does not show in what is printed', () => {
    const key = newSigningKey();
    const { d } = key.secret.export({ format: 'jwk' });
    assert.ok(!inspect(key, { depth: 9, showHidden: true }).includes(String(d)));
    assert.ok(!JSON.stringify(key).includes(String(d)));
  });
});
