import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GatehouseError, type JsonObject, partsOf } from '../../kernel/index.ts';
import { dialectAt, dialects } from './dialects.ts';

interface Case {
  readonly name: string;
  readonly body: JsonObject;
  readonly facts?: object;
  readonly roles?: object;
  readonly error?: { readonly code: string; readonly message: string };
}

for (const dialect of dialects) {
  const file = new URL(`golden/${dialect.id.replace('.', '-')}.requests.json`, import.meta.url);
  for (const one of JSON.parse(readFileSync(file, 'utf8')) as readonly Case[]) {
    test(`${dialect.id}, ${one.name}: facts, roles and refusals are the golden ones (D2)`, () => {
      const { body } = one;
      if (one.error !== undefined) {
        assert.throws(
          () => dialect.readRequest(body),
          (thrown) =>
            thrown instanceof GatehouseError &&
            thrown.code === one.error?.code &&
            thrown.message === one.error.message,
        );
        return;
      }
      const parts = partsOf(body, dialect.roleIn(body), dialect.vocabulary);
      assert.deepEqual(dialect.readRequest(body), one.facts);
      assert.deepEqual(Object.fromEntries(parts.map(({ path, role }) => [path, role])), one.roles);
    });
  }

  test(`${dialect.id}: garbage in any known field is a bad request or is read, never a crash (D2)`, () => {
    const junk = [
      null,
      0,
      -1,
      Number.POSITIVE_INFINITY,
      '',
      'x',
      [],
      [null],
      [[]],
      ['x'],
      {},
      { a: 1 },
      true,
    ];
    const base = { model: 'm', messages: [{ role: 'user', content: 'x' }], input: 'x' };
    for (const field of dialect.vocabulary) {
      for (const value of junk) {
        try {
          const body = { ...base, [field]: value } as JsonObject;
          assert.equal(typeof dialect.readRequest(body).model, 'string');
          for (const { path } of partsOf(body, dialect.roleIn(body), new Set())) {
            assert.ok(dialect.roleIn(body)(path));
          }
        } catch (thrown) {
          assert.ok(thrown instanceof GatehouseError, `${field}: ${thrown}`);
          assert.equal(thrown.code, 'bad_request');
        }
      }
    }
  });

  test(`${dialect.id}: its path leads to it, and only the model is rewritten`, () => {
    assert.equal(dialectAt(dialect.path), dialect);
    const body = { model: 'alias', input: 'x', messages: [] };
    assert.deepEqual(dialect.withModel(body, 'exact@1'), { ...body, model: 'exact@1' });
    assert.equal(body.model, 'alias');
  });
}

test('usage is asked of the upstream for a chat stream, whatever else the caller asked', () => {
  const chat = dialectAt('/v1/chat/completions');
  const body = { stream: true, stream_options: { include_obfuscation: false } };
  assert.deepEqual(chat?.withUsage(body), {
    stream: true,
    stream_options: { include_obfuscation: false, include_usage: true },
  });
  assert.deepEqual(chat?.withUsage({ model: 'm' }), { model: 'm' });
});

test('the endpoint of an unknown path is none, prototype members included', () => {
  for (const path of ['/', '/v1/models', '/v1/chat/completions/', '__proto__', 'constructor']) {
    assert.equal(dialectAt(path), null);
  }
});
