import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDatabase } from '../database.ts';
import { cutStreams } from './cut-streams.ts';

// How long it takes: node bench/revocation.ts
test('a disabled agent is cut in mid-stream, whichever of two gateways it is at (A1, T6)', async () => {
  const cuts = await cutStreams(2, 4, await testDatabase());
  assert.equal(cuts.length, 8);
  // The streams have no end of their own.
  for (const { last } of cuts) assert.match(last, /"code":"revoked"|is disabled/);
});
