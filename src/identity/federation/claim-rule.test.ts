import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { claimsMatch } from './claim-rule.ts';

describe('claim rules', () => {
  test('a claim is what it says, or it does not match (A1)', () => {
    const claims = {
      repository: 'acme/mailer',
      verified: true,
      number: 7,
      list: ['acme/mailer'],
      nothing: null,
      'a/b~c': { deep: 'x' },
      '/slash': 'y',
    };
    const cases: [Record<string, string>, boolean][] = [
      [{ repository: 'acme/mailer' }, true],
      [{ repository: 'acme/mailer ' }, false],
      [{ verified: 'true' }, true],
      [{ number: '7' }, true],
      [{ number: '7.0' }, false],
      [{ list: 'acme/mailer' }, false],
      [{ '/list/0': 'acme/mailer' }, false],
      [{ nothing: 'null' }, false],
      [{ missing: 'undefined' }, false],
      [{ '/a~1b~0c/deep': 'x' }, true],
      [{ '/a/b~c/deep': 'x' }, false],
      [{ 'a/b~c': '[object Object]' }, false],
      [{ '/repository/length': '11' }, false],
      [{ constructor: 'x' }, false],
      [{ '/__proto__/a': 'x' }, false],
      [{ '~1slash': 'y' }, false],
      [{ '/~1slash': 'y' }, true],
      [{ repository: 'acme/mailer', missing: 'x' }, false],
    ];
    for (const [rules, matches] of cases) {
      assert.equal(claimsMatch(rules, claims), matches, JSON.stringify(rules));
    }
  });

  test('all rules must match, whatever the claims are (A1)', () => {
    const rules = fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { minKeys: 1 });
    const json = fc.jsonValue() as fc.Arbitrary<Record<string, unknown>>;
    fc.assert(
      fc.property(rules, json, (wanted, claims) => {
        const plain = Object.entries(wanted).filter(([name]) => !name.startsWith('/'));
        const own = Object.fromEntries(plain);
        assert.equal(
          claimsMatch(own, { ...own, more: 1 }),
          !('more' in own) || own['more'] === '1',
        );
        if (typeof claims !== 'object' || claims === null) return;
        const matched = claimsMatch(own, claims);
        const all = plain.every(([name, value]) => {
          const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
          return claim === value || (typeof claim !== 'object' && `${claim}` === value);
        });
        assert.ok(!matched || all);
      }),
    );
  });
});
