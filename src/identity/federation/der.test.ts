import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { extension, intermediate, issue, root, usage } from '../../../test/federation/authority.ts';
import { bits, der, integer, sequence } from '../../../test/federation/der-writer.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { readCertificate } from './certificate.ts';
import { DerReader, derBits, derBoolean, derContents, derCount } from './der.ts';

/** What it gives, or null where it refuses; any other error fails the test. */
function attempt<T>(run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    assert.ok(error instanceof GatehouseError, String(error));
    assert.equal(error.code, 'unauthenticated');
    return null;
  }
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ca = root('ca');
const leaf = issue(ca, { uris: ['spiffe://td.example/mailer'], purposes: ['1.3.6.1.5.5.7.3.2'] });

describe('DER', () => {
  test('has one reading, or none (A1)', () => {
    const bad = [
      '',
      '30',
      '30 01',
      '30 80 00 00',
      '30 81 05 0000000000',
      '30 82 0005 0000000000',
      '30 84 00000001 00',
      '3f 21 00',
      '30 05 00',
    ];
    for (const text of bad)
      assert.equal(
        attempt(() => new DerReader(hex(text)).next()),
        null,
        text,
      );
    assert.equal(
      attempt(() => derContents(hex('30 00 00'), 0x30)),
      null,
    );
    for (const text of ['', '01', '00ff'])
      assert.equal(
        attempt(() => derBoolean(hex(text))),
        null,
      );
    for (const text of ['', '80', '0001', '0100000000']) {
      assert.equal(
        attempt(() => derCount(hex(text))),
        null,
        text,
      );
    }
    assert.equal(derCount(hex('00ff')), 255);
  });

  test('bits are those that are set (A1)', () => {
    assert.deepEqual([...derBits(hex('07 80'))], [0]);
    assert.deepEqual([...derBits(hex('01 06'))], [5, 6]);
    assert.deepEqual([...derBits(hex('07 00 80'))], [8]);
    assert.deepEqual([...derBits(hex('00'))], []);
    for (const text of ['', '08 00', '01', '07 81', 'ff 80']) {
      assert.equal(
        attempt(() => derBits(hex(text))),
        null,
        text,
      );
    }
    const set = fc.uniqueArray(fc.nat({ max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(set, (numbers) => {
        const found = derBits(derContents(bits(...numbers), 0x03));
        assert.deepEqual(
          [...found],
          numbers.sort((a, b) => a - b),
        );
      }),
    );
  });

  test('any bytes are a value or a refusal (A1)', () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(bytes, (given) => {
        attempt(() => derBits(given));
        attempt(() => readCertificate(given));
        const reader = new DerReader(given);
        attempt(() => {
          while (!reader.ended) reader.next();
        });
      }),
    );
    fc.assert(
      fc.property(bytes, fc.nat({ max: 255 }), (body, tag) => {
        if ((tag & 0x1f) === 0x1f) return;
        const { tag: same, body: contents } = new DerReader(der(tag, body)).next();
        assert.equal(same, tag);
        assert.deepEqual(Buffer.from(contents), Buffer.from(body));
      }),
    );
  });
});

describe('certificates', () => {
  test('say what was written in them (A1)', () => {
    const facts = readCertificate(leaf.der);
    assert.deepEqual(facts.uris, ['spiffe://td.example/mailer']);
    assert.equal(facts.ca, false);
    assert.deepEqual([...(facts.keyUsage ?? [])], [usage.digitalSignature]);
    assert.deepEqual(facts.strange, []);
    const below = readCertificate(intermediate(ca, 'below', { pathLength: 3 }).der);
    assert.equal(below.ca, true);
    assert.equal(below.pathLength, 3);
    const strange = issue(ca, { more: [extension('2.5.29.30', sequence())] });
    assert.deepEqual(readCertificate(strange.der).strange, ['551d1e']);
    assert.equal(readCertificate(issue(ca, { usage: null }).der).keyUsage, null);
    assert.equal(readCertificate(leaf.der).ca, readCertificate(leaf.der).x509.ca);
  });

  test('one extension twice, PEM, and bytes after the end are refused (A1)', () => {
    const twice = issue(ca, { more: [extension('2.5.29.19', sequence(der(0x01, hex('ff'))))] });
    assert.equal(
      attempt(() => readCertificate(twice.der)),
      null,
    );
    const text = Buffer.from(readCertificate(leaf.der).x509.toString());
    assert.equal(
      attempt(() => readCertificate(text)),
      null,
    );
    assert.equal(
      attempt(() => readCertificate(Buffer.concat([leaf.der, hex('00')]))),
      null,
    );
    assert.equal(
      attempt(() => readCertificate(Buffer.alloc(70_000, 0x30))),
      null,
    );
    assert.equal(
      attempt(() => derCount(derContents(integer(7), 0x02))),
      7,
    );
  });

  test('a changed certificate is refused or no longer verifies (A1)', () => {
    const { publicKey } = readCertificate(ca.der).x509;
    const octet = fc.nat({ max: leaf.der.length - 1 });
    fc.assert(
      fc.property(octet, fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(leaf.der);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const read = attempt(() => readCertificate(changed));
        let verifies = false;
        try {
          verifies = read?.x509.verify(publicKey) ?? false;
        } catch {
          // A key or a signature that OpenSSL cannot read.
        }
        assert.equal(verifies, false);
      }),
      { numRuns: 400 },
    );
  });
});
