import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { bearer } from '../../../test/identity/presented.ts';
import {
  audience,
  issuer,
  type Process,
  type TestAgent,
  tokenWorld,
  type World,
} from '../../../test/identity/token-world.ts';
import { newKey } from './signing-key.ts';

const day = 86_400_000;

let world: World;
let one: Process;
let two: Process;
let mailer: TestAgent;

const kids = async ({ tokens }: Process) => (await tokens.jwks()).keys.map(({ kid }) => kid);
const kidOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
const ask = async ({ tokens }: Process) => (await mailer.token({}, {}, tokens)).token;
const identify = async ({ principals }: Process, token: string) =>
  principals.identify(bearer(token));

describe('signing keys', () => {
  before(async () => {
    world = await tokenWorld();
    mailer = await world.agent('mailer');
    [one, two] = [world.open(), world.open()];
  });
  after(() => world.close());

  test('processes that start at once agree on one key, and publish no secret of it (A1)', async () => {
    const many = Array.from({ length: 6 }, () => world.open());
    const tokens = await Promise.all(many.map(ask));
    assert.equal(new Set(tokens.map(kidOf)).size, 1);
    const { keys } = await one.tokens.jwks();
    assert.equal(keys.length, 1);
    const [key] = keys;
    assert.deepEqual(Object.keys(key ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const { payload } = await jwtVerify(tokens[0] ?? '', createLocalJWKSet({ keys }), {
      issuer,
      audience,
      typ: 'at+jwt',
      currentDate: new Date(world.clock.now()),
    });
    assert.equal(payload.sub, 'mailer');
  });

  test('after a rotation the new key signs and old tokens count until they end (A1)', async () => {
    const old = await ask(one);
    const fresh = await one.tokens.rotate();
    assert.notEqual(fresh, kidOf(old));
    const next = await ask(one);
    assert.equal(kidOf(next), fresh);
    // The other process has not heard of the key, and finds it.
    assert.equal((await identify(two, next)).name, 'mailer');
    for (const process of [one, two]) assert.equal((await identify(process, old)).name, 'mailer');
    assert.deepEqual(new Set(await kids(one)), new Set([kidOf(old), fresh]));
    world.wait(11_000);
    assert.equal(kidOf(await ask(two)), fresh);
    world.wait(289_000);
    await assert.rejects(identify(one, old), /expired/);
    assert.ok((await kids(two)).includes(kidOf(old)));
    world.wait(60_000);
    assert.deepEqual(await kids(one), [fresh]);
    assert.deepEqual(await kids(two), [fresh]);
  });

  test('a key is replaced in time, after the new one was published for a day (A1)', async () => {
    const first = kidOf(await ask(one));
    world.wait(6 * day);
    assert.equal(kidOf(await ask(one)), first);
    const published = await kids(one);
    assert.equal(published.length, 2);
    assert.equal(kidOf(await ask(two)), first);
    world.wait(day);
    const second = kidOf(await ask(two));
    assert.notEqual(second, first);
    assert.ok(published.includes(second));
    world.wait(360_000);
    assert.deepEqual(await kids(one), [second]);
    const rows = await world.store.db.selectFrom('signing_key').selectAll().execute();
    for (const { wrapped } of rows) assert.ok(!wrapped.includes('"kty"'));
  });

  test('a key that was written into the database by hand is believed by nobody (A1)', async () => {
    const lines: string[] = [];
    const third = world.open({ log: (line) => lines.push(line) });
    const before = await kids(third);
    const foreign = { ...world.kms, wrap: async (key: Buffer) => Buffer.from(key) };
    const { id, jwk, wrapped } = await newKey(foreign, (size) => Buffer.alloc(size, 7));
    const until = new Date(world.clock.now() + 3_600_000);
    const row = { id, jwk: JSON.stringify(jwk), wrapped, created: new Date(world.clock.now()) };
    const times = { signs_until: until, verifies_until: until };
    await world.store.db
      .insertInto('signing_key')
      .values({ ...row, ...times })
      .execute();
    world.wait(20_000);
    assert.deepEqual(await kids(third), before);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /does not open/);
    assert.ok(!(await kids(one)).includes(id));
    assert.equal(kidOf(await ask(third)), before[0]);
  });

  test('garbage for a `kid` is refused (A1)', async () => {
    const [, payload, signature] = (await ask(one)).split('.');
    for (const kid of ['', 'x'.repeat(3000), '../../etc', 7, null, undefined]) {
      const header = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid });
      const token = `${Buffer.from(header).toString('base64url')}.${payload}.${signature}`;
      await assert.rejects(identify(one, token), /does not count/);
    }
  });
});
