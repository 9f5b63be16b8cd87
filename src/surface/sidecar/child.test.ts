import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChild } from './child.ts';

const never = { env: {}, terminal: false };

test('what cannot be started is refused in words, whether spawn throws or tells', async () => {
  const long = [process.execPath, '-e', ' '.repeat(3_000_000)] as const;
  await assert.rejects(runChild({ ...never, words: [...long] }), {
    code: 'refused',
    message: `command \`${process.execPath}\` cannot be run (E2BIG); check its mode`,
  });
  await assert.rejects(runChild({ ...never, words: ['/no/such/program'] }), { code: 'not_found' });
  await assert.rejects(runChild({ ...never, words: [import.meta.filename] }), /EACCES.*its mode/);
});

test('another user is for root alone', { skip: process.geteuid?.() === 0 }, async () => {
  const user = { uid: (process.geteuid?.() ?? 0) + 1, gid: process.getegid?.() ?? 0 };
  await assert.rejects(runChild({ ...never, words: [process.execPath], user }), /only root/);
});
