import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inbound } from '../../../test/control/decisions.ts';
import type { Credential, JsonObject } from '../../kernel/index.ts';
import { dollars, dollarsOfNanos, grouped } from './amount.ts';
import { asker, proof } from './asker.ts';
import { type DecisionEntry, decisionEntry } from './decision-entry.ts';

function by(principal: JsonObject): DecisionEntry {
  const one = decisionEntry({ index: 0, entry: inbound(1, { principal }) });
  assert.ok(one !== null);
  return one;
}

test('says how each kind of credential proved who it is (A1)', () => {
  const kinds: Readonly<Record<Credential['kind'], readonly [string, string]>> = {
    'static-key': ['with a static key', 'with a static key'],
    'at+jwt': ['with a bearer token', 'with a bound token'],
    'jwt-svid': ['with a SPIFFE token', 'with a bound SPIFFE token'],
    'x509-svid': ['with a SPIFFE certificate', 'with a SPIFFE certificate'],
    oidc: ['with a workload token', 'with a bound workload token'],
    session: ['signed in', 'signed in'],
    internal: ['', ''],
  };
  for (const [kind, [bearer, bound]] of Object.entries(kinds)) {
    assert.equal(proof(by({ credential: { kind } })), bearer);
    assert.equal(proof(by({ credential: { kind, bound: true } })), bound);
  }
  assert.equal(proof(by({})), '');
});

test('tells the whole chain, the nearest first, and never guesses a name (A1)', () => {
  const name = 'support-bot';
  const chain = [
    { kind: 'agent', id: 'planner' },
    { kind: 'agent', id: 'desk' },
    { kind: 'person', id: 'ana' },
  ];
  const told = (actors: JsonObject[], more = {}) => asker(by({ name, actors, ...more }));
  assert.equal(told([]), 'support-bot');
  assert.equal(told([], { owner: 'bo' }), 'support-bot, owned by bo,');
  assert.equal(told(chain.slice(2), { owner: 'bo' }), 'support-bot, for ana,');
  const whole = 'support-bot, acting for planner, for desk, for ana,';
  assert.equal(told(chain, { owner: 'bo' }), whole);
  assert.equal(asker(by({})), 'somebody unknown');
});

test('money is told in cents, and small amounts so that they can be seen', () => {
  const told = [0, 12.4, 1_234.5, 0.01, 0.001_24, 0.000_000_5].map(dollars);
  assert.deepEqual(told, ['$0.00', '$12.40', '$1,234.50', '$0.01', '$0.0012', '$0.0000005']);
  assert.equal(dollars(1e-12), 'under $0.000000001');
  assert.deepEqual([0.015_5, 0.025, 0.5, 0.999_99].map(dollars), [
    '$0.0155',
    '$0.025',
    '$0.50',
    '$1.00',
  ]);
  assert.equal(dollars(-2), '-$2.00');
  assert.equal(dollarsOfNanos(2_500_000_000), '$2.50');
  assert.equal(grouped(1_234_567), '1,234,567');
});
