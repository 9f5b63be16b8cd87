import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { GatehouseError } from '../../kernel/index.ts';
import { claimedTrustDomain, isTrustDomain, parseSpiffeId } from './spiffe-id.ts';

function isRefused(text: unknown): boolean {
  try {
    parseSpiffeId(text);
    return false;
  } catch (error) {
    assert.ok(error instanceof GatehouseError);
    assert.equal(error.code, 'unauthenticated');
    return true;
  }
}

const domainCharacter = fc.constantFrom(...'abcxyz0189.-_');
const pathCharacter = fc.constantFrom(...'abzABZ019.-_');
const domain = fc.string({ unit: domainCharacter, minLength: 1, maxLength: 40 });
const segment = fc
  .string({ unit: pathCharacter, minLength: 1, maxLength: 20 })
  .filter((text) => text !== '.' && text !== '..');
const segments = fc.array(segment, { minLength: 1, maxLength: 5 });
const id = fc.tuple(domain, segments).map(([host, path]) => `spiffe://${host}/${path.join('/')}`);

describe('SPIFFE IDs', () => {
  test('a workload has a trust domain and a path (A1)', () => {
    const text = 'spiffe://prod.example.org/ns/agents/sa/mailer';
    const parsed = { id: text, trustDomain: 'prod.example.org', path: '/ns/agents/sa/mailer' };
    assert.deepEqual(parseSpiffeId(text), parsed);
    assert.equal(parseSpiffeId('spiffe://a_b-c.1/X._-9').path, '/X._-9');
    const long = `spiffe://${'a'.repeat(255)}/${'b'.repeat(2048 - 265)}`;
    assert.equal(parseSpiffeId(long).id.length, 2048);
  });

  test('what would need normalising is no SPIFFE ID (A1)', () => {
    const bad = [
      '',
      'spiffe://',
      'spiffe:///path',
      'spiffe:/td/path',
      'SPIFFE://td/path',
      'Spiffe://td/path',
      ' spiffe://td/path',
      'https://td/path',
      'spiffe://td',
      'spiffe://td/',
      'spiffe://TD/path',
      'spiffe://Td.example/path',
      'spiffe://td:443/path',
      'spiffe://user@td/path',
      'spiffe://user:word@td/path',
      'spiffe://*.td/path',
      'spiffe://t%64/path',
      'spiffe://[::1]/path',
      'spiffe://td/path/',
      'spiffe://td//path',
      'spiffe://td/a//b',
      'spiffe://td/.',
      'spiffe://td/..',
      'spiffe://td/a/../b',
      'spiffe://td/a/./b',
      'spiffe://td/%61',
      'spiffe://td/a%2fb',
      'spiffe://td/a%2e%2e/b',
      'spiffe://td/*',
      'spiffe://td/a b',
      'spiffe://td/a?x=1',
      'spiffe://td/a#x',
      'spiffe://td?x/a',
      'spiffe://td#x/a',
      'spiffe://td\\evil/a',
      'spiffe://td/a\n',
      'spiffe://td/a\0',
      'spiffe://tд/a',
      'spiffe://td/ä',
      'spiffe://td/a,URI:spiffe://td/b',
      `spiffe://${'a'.repeat(256)}/b`,
      `spiffe://td/${'b'.repeat(2048)}`,
      null,
      undefined,
      7,
      {},
      ['spiffe://td/a'],
    ];
    for (const text of bad) assert.ok(isRefused(text), String(text));
  });

  test('a parsed ID is the text that was given (A1)', () => {
    fc.assert(
      fc.property(id, (text) => {
        const { trustDomain, path, id: same } = parseSpiffeId(text);
        assert.equal(same, text);
        assert.equal(`spiffe://${trustDomain}${path}`, text);
        assert.ok(isTrustDomain(trustDomain));
        assert.equal(claimedTrustDomain(text), trustDomain);
      }),
    );
  });

  test('any text is an ID or a refusal, and a changed ID is never the same one (A1)', () => {
    fc.assert(fc.property(fc.anything(), (text) => typeof isRefused(text) === 'boolean'));
    const place = fc.nat({ max: 60 });
    const junk = fc.oneof(
      fc.string({ minLength: 1, maxLength: 4 }),
      fc.constantFrom('/', '.', '%2e'),
    );
    fc.assert(
      fc.property(id, place, junk, fc.nat({ max: 3 }), (text, at, insert, drop) => {
        const changed = text.slice(0, at) + insert + text.slice(at + drop);
        if (changed === text || isRefused(changed)) return;
        const { id: same, trustDomain, path } = parseSpiffeId(changed);
        assert.notEqual(same, text);
        // An independent reading of the rules.
        assert.match(
          changed,
          /^spiffe:\/\/[a-z0-9._-]{1,255}(\/(?!\.{1,2}(\/|$))[a-zA-Z0-9._-]+)+$/,
        );
        assert.equal(`spiffe://${trustDomain}${path}`, changed);
      }),
    );
  });
});
