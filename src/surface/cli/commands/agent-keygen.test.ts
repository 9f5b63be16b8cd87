import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../../../../test/control/shell.ts';
import { type ControlWorld, controlWorld } from '../../../../test/control/world.ts';

let world: ControlWorld;
let home: string;

describe('gatehouse agent keygen', () => {
  before(async () => {
    world = await controlWorld({});
    home = mkdtempSync(join(tmpdir(), 'gatehouse-keygen-'));
  });
  after(async () => {
    await world.close();
    rmSync(home, { recursive: true });
  });

  const keygen = (words: string) => {
    const env = { HOME: home, GATEHOUSE_URL: world.plane.url, GATEHOUSE_TOKEN: world.token };
    return run(world, `agent keygen ${words}`, { env });
  };

  test('makes a key, registers its public half, and shows the private half to nobody (A2)', async () => {
    await run(world, 'agent create keyed --owner ana');
    const { code, out, err } = await keygen('keyed --json');
    assert.equal(code, 0, err);
    const made = JSON.parse(out);
    const file = join(home, '.gatehouse/agents/keyed.jwk');
    assert.deepEqual([made.key, made.registered], [file, true]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const { d, kid } = JSON.parse(readFileSync(file, 'utf8'));
    assert.equal(made.kid, kid);
    assert.ok(!(out + err + readFileSync(made.public, 'utf8')).includes(d));
    const listed = await run(world, 'agent public-key list keyed --json');
    assert.match(listed.out, new RegExp(kid));
    const again = await keygen('keyed');
    assert.equal(again.code, 1);
    assert.match(again.err, /exists; a key is never overwritten/);
  });

  test('keeps the key of an agent that is not registered yet, and registers it later (A2)', async () => {
    const early = await keygen('early');
    assert.equal(early.code, 2);
    assert.match(early.err, /the key is made, but not registered: /);
    assert.match(early.err, /next: gatehouse agent keygen early --register/);
    await run(world, 'agent create early --owner ana');
    const { code, out, err } = await keygen('early --register');
    assert.equal(code, 0, err);
    assert.match(out, /registered {2}yes/);
    assert.match(err, /next: gatehouse run --agent early -- COMMAND/);
    const again = await keygen('early --register');
    assert.deepEqual([again.code, again.out], [0, out]);
    const none = await keygen('nobody --register');
    assert.match(none.err, /no key at .*; make it with `gatehouse agent keygen nobody`/);
  });

  test('writes nothing outside its place for a name that is none', async () => {
    const { code, err } = await keygen('../escape');
    assert.equal(code, 1);
    assert.match(err, /is no agent's name/);
    assert.equal(existsSync(join(home, '.gatehouse/escape.jwk')), false);
  });
});
