import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { subjectAt } from '../../test/conformance/control.ts';
import type { Json, Opinion, Stage } from '../kernel/index.ts';
import { covers, scopeControl } from './scope.ts';

const control = scopeControl();
const credential = { kind: 'at+jwt', id: 't', expires: 0 } as const;

function opinion(
  stage: Stage,
  scopes: readonly string[] | undefined,
  id = 'some@1',
  groups: Json = ['general'],
): Opinion {
  const { principal } = subjectAt(stage);
  const held = scopes === undefined ? credential : { ...credential, scopes };
  const subject = subjectAt(stage, {
    principal: { ...principal, credential: held },
    resource: { type: stage === 'action' ? 'tool' : 'model', id },
    context: { groups },
  });
  return control.judge(subject, () => new AbortController().signal) as Opinion;
}

describe('identity.scope', () => {
  test('lets a credential do what its scopes cover, and nothing else (A1, T6)', () => {
    const cases: [Stage, readonly string[] | undefined, boolean][] = [
      ['model', undefined, true],
      ['model', [], false],
      ['model', ['call_model'], true],
      ['model', ['call_model:general'], true],
      ['model', ['call_model:some@1'], true],
      ['model', ['call_tool', 'call_model:some@1'], true],
      ['model', ['call_model:some'], false],
      ['model', ['call_model:some@1x'], false],
      ['model', ['call_model:'], false],
      ['model', ['call_models'], false],
      ['model', ['CALL_MODEL'], false],
      ['model', ['call_tool', 'call_tool:some@1', 'call_tool:general'], false],
      ['action', undefined, true],
      ['action', [], false],
      ['action', ['call_tool'], true],
      ['action', ['call_tool:some@1'], true],
      // Groups are of models.
      ['action', ['call_tool:general'], false],
      ['action', ['call_model', 'call_model:some@1'], false],
      ['enter', [], true],
      ['enter', ['call_tool:x'], true],
    ];
    for (const [stage, scopes, allowed] of cases) {
      const { level, code } = opinion(stage, scopes);
      assert.equal(level, allowed ? 'allow' : 'deny', `${stage} ${scopes}`);
      assert.equal(code, allowed ? undefined : 'scope_missing');
    }
  });

  test('names the scope to ask for, in one short line (A1)', () => {
    assert.match(opinion('model', []).reason ?? '', /`call_model:some@1`/);
    assert.match(opinion('action', [], 'mail.send').reason ?? '', /`call_tool:mail\.send`/);
    const { reason = '' } = opinion('action', [], '\ud800\n`'.repeat(500));
    assert.match(reason, /^[\x20-\x7e]{1,500}$/);
  });

  test('knows no group in what is no list of names (A1)', () => {
    for (const groups of [null, 'general', 7, [7], [['general']], { 0: 'general' }]) {
      assert.equal(opinion('model', ['call_model:general'], 'm', groups).level, 'deny');
    }
    const names = ['', '__proto__', 'constructor'];
    for (const name of names) assert.equal(opinion('model', [], name, names).level, 'deny');
  });

  test('covers what is the same or narrower, so that asking for less is always covered (A1)', () => {
    const scope = fc.constantFrom('call_model', 'call_model:a', 'call_model:b', 'call_tool:a');
    const law = fc.property(fc.array(scope), scope, fc.array(scope), (held, wanted, more) => {
      if (covers(held, wanted)) assert.ok(covers([...more, ...held], wanted));
      assert.ok(covers([wanted], wanted));
      assert.equal(covers([], wanted), false);
    });
    fc.assert(law);
    assert.ok(covers(['call_model'], 'call_model:a'));
    assert.ok(!covers(['call_model:a'], 'call_model'));
    assert.ok(!covers([''], ':a'));
  });
});
