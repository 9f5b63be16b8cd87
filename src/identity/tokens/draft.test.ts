import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { earlier, narrowed } from './draft.ts';
import { OAuthError } from './oauth-error.ts';
import { isCovered, type Scopes, scopesOf } from './scope.ts';

const word = fc.constantFrom(
  'call_model',
  'call_model:a',
  'call_model:b',
  'call_tool',
  'call_tool:x',
);
const scopes = fc.option(fc.uniqueArray(word)) as fc.Arbitrary<Scopes>;

function attempt(asked: string | undefined, one: Scopes, other: Scopes): Scopes | 'refused' {
  try {
    return narrowed(asked, one, other);
  } catch (error) {
    assert.ok(error instanceof OAuthError && error.error === 'invalid_scope');
    return 'refused';
  }
}

test('what is granted is covered by all that is held, and is never everything by accident (A1)', () => {
  fc.assert(
    fc.property(scopes, scopes, scopes, (asked, one, other) => {
      const got = attempt(asked?.join(' '), one, other);
      if (got === 'refused') return;
      if (got === null) assert.ok(one === null && other === null);
      for (const scope of got ?? []) assert.ok(isCovered(scope, one) && isCovered(scope, other));
      if (asked !== null && asked.length > 0) assert.deepEqual(got, asked);
    }),
  );
});

test('without a wish, all that both hold is granted (A1)', () => {
  fc.assert(
    fc.property(scopes, scopes, word, (one, other, scope) => {
      const got = attempt(undefined, one, other);
      const held = isCovered(scope, one) && isCovered(scope, other);
      assert.equal(got === 'refused' ? false : isCovered(scope, got), held);
    }),
  );
});

test('only scopes that are known are read, and no endless list of them (A1)', () => {
  assert.deepEqual(scopesOf('call_model  call_model call_tool:a/b'), [
    'call_model',
    'call_tool:a/b',
  ]);
  for (const bad of [
    'root',
    'call_model:',
    'call_model:a"b',
    'call_models',
    'CALL_MODEL',
    'call_model:ä',
  ]) {
    assert.equal(scopesOf(bad), undefined, bad);
  }
  const many = Array.from({ length: 65 }, (_, at) => `call_tool:${at}`);
  assert.equal(scopesOf(many.join(' ')), undefined);
  assert.throws(() => narrowed(undefined, many), OAuthError);
});

test('of two ends the earlier one counts (A1)', () => {
  assert.deepEqual([earlier(1, 2), earlier(null, 2), earlier(1, null)], [1, 2, 1]);
  assert.equal(earlier(null, null), null);
});
