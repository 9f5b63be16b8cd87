import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call } from '../../../test/gateway/call.ts';
import { handClock } from '../../../test/product/run/hand-clock.ts';
import { sidecarWorld } from '../../../test/product/run/sidecar.ts';

const path = '/v1/chat/completions';

describe('an hour of renewals', () => {
  test('each call carries a token that counts; 30 s without a token endpoint are survived (A2)', async (t) => {
    const clock = handClock(Date.parse('2030-01-01T00:00:00Z'));
    const world = await sidecarWorld(undefined, clock);
    try {
      const hour = 3_600;
      const away = { from: 1_795, until: 1_825 };
      let calls = 0;
      for (let second = 0; second < hour; second += 5) {
        world.gateway.away = second >= away.from && second < away.until;
        clock.step(5_000);
        await world.credentials.settled();
        const answer = await call(world.sidecar.url, path, '{}');
        assert.equal(answer.status, 200, `${second} s: ${answer.body}`);
        calls += 1;
      }
      assert.deepEqual(world.gateway.refused, []);
      assert.equal(world.gateway.seen.length, calls);
      const renewals = world.gateway.tokens.length - 1;
      t.diagnostic(`${renewals} renewals, ${calls} calls`);
      assert.ok(renewals >= 12 && renewals <= 20, `${renewals} renewals`);
      const used = new Set(world.gateway.seen.map(({ headers }) => headers.authorization));
      assert.equal(used.size, world.gateway.tokens.length);
      assert.deepEqual(world.log.length, 2, world.log.join('\n'));
      assert.match(world.log[0] ?? '', /gives no token now/);
      assert.match(world.log[1] ?? '', /gives tokens again/);
    } finally {
      await world.close();
    }
  });

  test('many calls at the moment of renewal share one request for a token (A2)', async () => {
    const clock = handClock(Date.parse('2030-01-01T00:00:00Z'));
    const world = await sidecarWorld(undefined, clock);
    try {
      clock.step(400_000, { timers: false });
      const calls = Array.from({ length: 40 }, () => call(world.sidecar.url, path, '{}'));
      for (const { status, body } of await Promise.all(calls)) assert.equal(status, 200, body);
      assert.equal(world.gateway.tokens.length, 2);
    } finally {
      await world.close();
    }
  });

  test('without a token that counts a call is told so, and nobody asks in a rush (A2)', async () => {
    const clock = handClock(Date.parse('2030-01-01T00:00:00Z'));
    const world = await sidecarWorld(undefined, clock);
    try {
      world.gateway.away = true;
      for (let second = 0; second < 400; second += 5) {
        clock.step(5_000);
        await world.credentials.settled();
      }
      const first = await call(world.sidecar.url, path, '{}');
      assert.equal(first.status, 502);
      assert.match(first.body, /gives no token now/);
      assert.ok(world.gateway.asked < 40, `asked ${world.gateway.asked} times in 400 s`);
      world.gateway.away = false;
      clock.step(15_000);
      await world.credentials.settled();
      assert.equal((await call(world.sidecar.url, path, '{}')).status, 200);
      assert.equal(world.gateway.seen.length, 1);
    } finally {
      await world.close();
    }
  });
});

describe('a token that the gateway refuses', () => {
  test('is renewed once, and the call sent again, while its body is small (A2)', async () => {
    const clock = handClock(Date.parse('2030-01-01T00:00:00Z'));
    const world = await sidecarWorld(undefined, clock);
    try {
      clock.step(60_000);
      world.gateway.revoked.add(world.gateway.tokens[0] as string);
      const body = JSON.stringify({ model: 'm', text: 'x'.repeat(10_000) });
      const answer = await call(world.sidecar.url, path, body);
      assert.equal(answer.status, 200, answer.body);
      assert.equal(JSON.parse(answer.body).got, body.length);
      assert.equal(world.gateway.tokens.length, 2);
    } finally {
      await world.close();
    }
  });

  test('a body that went by piece by piece is not sent twice: the refusal passes on', async () => {
    const clock = handClock(Date.parse('2030-01-01T00:00:00Z'));
    const world = await sidecarWorld(undefined, clock);
    try {
      clock.step(60_000);
      world.gateway.revoked.add(world.gateway.tokens[0] as string);
      const large = Buffer.alloc(2 * 1024 * 1024, 'x');
      const answer = await call(world.sidecar.url, path, large);
      assert.equal(answer.status, 401);
      await world.credentials.settled();
      assert.equal(world.gateway.tokens.length, 2);
      assert.equal((await call(world.sidecar.url, path, large)).status, 200);
    } finally {
      await world.close();
    }
  });

  test('an agent that was stopped gets its refusals, and the token endpoint its peace (A2)', async () => {
    const clock = handClock(Date.parse('2030-01-01T00:00:00Z'));
    const world = await sidecarWorld(undefined, clock);
    try {
      for (let calls = 0; calls < 20; calls++) {
        for (const token of world.gateway.tokens) world.gateway.revoked.add(token);
        assert.equal((await call(world.sidecar.url, path, '{}')).status, 401);
      }
      assert.equal(world.gateway.tokens.length, 1, 'a young token is not renewed');
      world.gateway.away = true;
      clock.step(60_000);
      for (let calls = 0; calls < 20; calls++) {
        assert.equal((await call(world.sidecar.url, path, '{}')).status, 401);
      }
      assert.equal(world.log.length, 1);
    } finally {
      await world.close();
    }
  });
});

test('a token that is not bound to the key of the run is not taken (A2)', async () => {
  const clock = handClock(Date.parse('2030-01-01T00:00:00Z'));
  const world = await sidecarWorld(undefined, clock);
  try {
    world.gateway.unbound = true;
    clock.step(250_000);
    await world.credentials.settled();
    assert.match(world.log[0] ?? '', /did not answer with a DPoP-bound token/);
    const [first] = world.gateway.tokens;
    assert.equal((await world.credentials.token()).value, first);
  } finally {
    await world.close();
  }
});
