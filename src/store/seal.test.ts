import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { dataKey } from './data-key.ts';
import { commitmentOf, opened, openingOf, type Place, sealed } from './seal.ts';
import { uuid7 } from './uuid.ts';

const key = dataKey(uuid7(1, randomBytes(10)), 'agent/a', randomBytes(32));
const trace = '0af7651916cd43dd8448eb211c80319c';
const blob = uuid7(1, randomBytes(10));
const place: Place = { blob, trace, role: 'input' };

test('what is sealed opens, whatever it is (D4)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary' }), (bytes, role) => {
      const at = { ...place, role };
      assert.deepEqual(
        opened(key, at, sealed(key, at, bytes, randomBytes(12))),
        Buffer.from(bytes),
      );
    }),
  );
});

test('no bit of a sealed body can change unseen (D4)', () => {
  const box = sealed(key, place, Buffer.from('a body'), randomBytes(12));
  for (let bit = 0; bit < box.length * 8; bit++) {
    const changed = Buffer.from(box);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.equal(opened(key, place, changed), null);
  }
  for (let size = 0; size < box.length; size++) {
    assert.equal(opened(key, place, box.subarray(0, size)), null);
  }
});

test('a sealed body opens in its own place alone, under its own key (D4)', () => {
  const box = sealed(key, place, Buffer.from('a body'), randomBytes(12));
  const elsewhere: Place[] = [
    { ...place, blob: uuid7(2, randomBytes(10)) },
    { ...place, trace: trace.replace('0', '1') },
    { ...place, role: 'output' },
  ];
  for (const other of elsewhere) assert.equal(opened(key, other, box), null);
  assert.equal(opened(dataKey(key.id, 'agent/a', randomBytes(32)), place, box), null);
});

test('an opening is of one body alone, and HMAC-SHA256 as RFC 2104 has it', () => {
  const opening = openingOf(key, place);
  const bytes = Buffer.from('a body');
  assert.equal(
    commitmentOf(opening, bytes),
    createHmac('sha256', opening).update(bytes).digest('hex'),
  );
  const openings = [place, { ...place, role: 'output' }, { ...place, blob: key.id }];
  assert.equal(new Set(openings.map((one) => openingOf(key, one).toString('hex'))).size, 3);
  assert.notEqual(commitmentOf(opening, Buffer.from('a bodx')), commitmentOf(opening, bytes));
});

test('ids are UUIDs of version 7 that sort by time', () => {
  const id = uuid7(0x0123456789ab, randomBytes(10));
  assert.match(id, /^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(uuid7(1, Buffer.alloc(10, 255)) < uuid7(2, Buffer.alloc(10)));
});
