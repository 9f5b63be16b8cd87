import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { hmac, hmacKey } from './hmac.ts';

test('it is HMAC-SHA256, for short messages and for long ones (RFC 2104)', () => {
  const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const messages = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.integer({ min: 16_380, max: 16_390 }).map((size) => new Uint8Array(size).fill(7)),
  );
  fc.assert(
    fc.property(secrets, messages, (secret, message) => {
      const wanted = createHmac('sha256', secret).update(message).digest('hex');
      assert.equal(hmac(hmacKey(secret), message).toString('hex'), wanted);
    }),
  );
});

test('a key of another length is refused', () => {
  assert.throws(() => hmacKey(new Uint8Array(31)), RangeError);
  assert.throws(() => hmacKey(new Uint8Array(65)), RangeError);
});
