import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { GatehouseError } from '../../kernel/index.ts';
import { sha256 } from '../tree/hash.ts';
import { fromBase64, parseCount, toBase64 } from './base64.ts';
import { openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import { generateKey, isKeyName, signerOf, verifierOf } from './key.ts';
import { isSignedBy, parseNote, signNote } from './note.ts';
import { formatReceipt, parseReceipt } from './receipt.ts';

const signer = signerOf(generateKey('example.com/log', (size) => Buffer.alloc(size, 7)));
const other = signerOf(generateKey('example.com/log', (size) => Buffer.alloc(size, 8)));
const key = verifierOf(signer.vkey);
const head = { origin: 'example.com/log', size: 702, root: sha256(Buffer.from('root')) };
const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('keys of the reference code are understood (C2SP signed-note)', () => {
  // The example keys in the documentation of Go's golang.org/x/mod/sumdb/note.
  const skey = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
  const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  assert.equal(signerOf(skey).vkey, vkey);
  const note =
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n\n" +
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
  const parsed = parseNote(note);
  assert.ok(parsed !== null && isSignedBy(parsed, verifierOf(vkey)));
  assert.equal(signNote(parsed.text, signerOf(skey)), note);
});

test('a key survives its text, a changed one is refused and not repeated', () => {
  const skey = generateKey('a.example/b', (size) => Buffer.alloc(size, 3));
  assert.equal(signerOf(`${skey}\n`).name, 'a.example/b');
  assert.throws(() => generateKey('a b', (size) => Buffer.alloc(size)), GatehouseError);
  for (const bad of ['', 'x', skey.slice(0, -4), skey.replace('a.example', 'b.example')]) {
    assert.throws(
      () => signerOf(bad),
      (error: GatehouseError) =>
        error.code === 'bad_config' && (bad.length < 9 || !error.message.includes(bad.slice(-12))),
    );
  }
  const { vkey } = signer;
  for (let i = 0; i < vkey.length; i++) {
    const changed = vkey.slice(0, i) + (vkey[i] === 'A' ? 'B' : 'A') + vkey.slice(i + 1);
    assert.throws(() => verifierOf(changed), GatehouseError, changed);
  }
});

test('key names have no spaces and no plus sign', () => {
  assert.ok(isKeyName('example.com/log') && isKeyName('ünï'));
  for (const bad of ['', 'a b', 'a+b', 'a\u00a0b', 'a\u2003b', 'a\tb', 'a\nb', '\ud800']) {
    assert.ok(!isKeyName(bad), JSON.stringify(bad));
  }
});

test('a checkpoint opens for its key alone (A4)', () => {
  const text = signCheckpoint(head, signer);
  assert.deepEqual(openCheckpoint(text, key), { ...head, root: Buffer.from(head.root) });
  assert.equal(openCheckpoint(signCheckpoint(head, other), key), null);
  // Signatures of other keys may stand beside, before or after.
  const [, cosignature] = signCheckpoint(head, other).split('\n\n');
  assert.ok(openCheckpoint(text + cosignature, key) !== null);
  assert.ok(openCheckpoint(text.replace('\n\n', `\n\n${cosignature}`), key) !== null);
});

test('one flipped bit anywhere closes a checkpoint (A4)', () => {
  const bytes = Buffer.from(signCheckpoint(head, signer));
  for (let at = 0; at < bytes.length * 8; at++) {
    const copy = Buffer.from(bytes);
    copy[at >> 3] = (copy[at >> 3] as number) ^ (1 << (at & 7));
    // Read as a file is: bytes that are not UTF-8 come as replacement characters.
    assert.equal(openCheckpoint(copy.toString(), key), null, `bit ${at}`);
  }
});

test('a second signature under a known key must be good too', () => {
  const text = signCheckpoint(head, signer);
  const forged = toBase64(Buffer.concat([signer.id, Buffer.alloc(64)]));
  assert.equal(openCheckpoint(`${text}— ${signer.name} ${forged}\n`, key), null);
});

test('texts that are no checkpoint are refused', () => {
  const signed = (text: string) => parseCheckpoint(signNote(text, signer));
  const root = toBase64(head.root);
  assert.ok(signed(`o\n0\n${root}\n`) !== null);
  assert.ok(signed(`o\n1\n${root}\nextension\n`) !== null);
  for (const bad of [
    `\n1\n${root}\n`,
    `o\n01\n${root}\n`,
    `o\n-1\n${root}\n`,
    `o\n1e3\n${root}\n`,
    `o\n9007199254740993\n${root}\n`,
    `o\n1\n${root.slice(0, -4)}\n`,
    `o\n1\n${root.replace('=', '')}\n`,
    'o\n1\n',
    `o\n1\n${root}\n\nx\n`,
  ]) {
    assert.equal(signed(bad), null, bad);
  }
  for (const bad of ['', '\n', '\n\n', 'a\n\n', 'a\n\nb', 'a\n\n— n\n', 'a\r\n\n— n AAAAAAAA\n']) {
    assert.equal(parseNote(bad), null, JSON.stringify(bad));
  }
});

test('a receipt survives its text (E5)', () => {
  const checkpoint = signCheckpoint(head, signer);
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.array(hashes, { maxLength: 53 }), (index, proof) => {
      const text = formatReceipt({ index, proof, checkpoint });
      const parsed = parseReceipt(text);
      assert.deepEqual(parsed, {
        index,
        proof: proof.map((hash) => Buffer.from(hash)),
        checkpoint,
      });
      assert.deepEqual(parseReceipt(text.replace('\nindex', '\nextra AAAA\nindex')), parsed);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('texts that are no receipt are refused', () => {
  const good = formatReceipt({ index: 3, proof: [head.root], checkpoint: 'x\n' });
  assert.ok(parseReceipt(good) !== null);
  for (const bad of [
    good.replace('@v1', '@v2'),
    good.replace('index 3', 'index 03'),
    good.replace('index 3', 'index -3'),
    good.replace('index 3', 'Index 3'),
    good.replace('index 3', 'extra !\nindex 3'),
    good.replace('index 3', 'extra AAAA\nextra AAAA\nindex 3'),
    good.replace('=\n', '\n'),
    good.replace('\n\n', '\n'),
    '',
  ]) {
    assert.equal(parseReceipt(bad), null, bad);
  }
});

test('parsers of notes and receipts refuse or give back the very text (fuzz)', () => {
  const good = [
    signCheckpoint(head, signer),
    formatReceipt({ index: 3, proof: [head.root], checkpoint: 'x\n' }),
  ];
  const mutated = fc
    .tuple(
      fc.constantFrom(...good),
      fc.nat(),
      fc.nat({ max: 8 }),
      fc.string({ unit: 'binary', maxLength: 8 }),
    )
    .map(([text, at, drop, put]) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + put + text.slice(from + drop);
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: 'binary', maxLength: 300 })), (text) => {
      parseCheckpoint(text);
      const note = parseNote(text);
      if (note !== null) {
        const lines = note.signatures.map(
          ({ name, id, signature }) => `— ${name} ${toBase64(Buffer.concat([id, signature]))}\n`,
        );
        assert.equal(`${note.text}\n${lines.join('')}`, text);
      }
      const receipt = parseReceipt(text);
      if (receipt !== null && !text.includes('\nextra '))
        assert.equal(formatReceipt(receipt), text);
    }),
    { seed: 2, numRuns: 3000 },
  );
});

test('base64 and counts have one spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), fc.maxSafeNat(), (bytes, text, count) => {
      assert.deepEqual(fromBase64(toBase64(bytes)), Buffer.from(bytes));
      const parsed = fromBase64(text);
      assert.ok(parsed === null || toBase64(parsed) === text);
      assert.equal(parseCount(String(count)), count);
    }),
    { seed: 3 },
  );
  for (const bad of ['AB==', 'AA=', 'AA', 'A_==', ' AAAA', 'AAAA\n'])
    assert.equal(fromBase64(bad), null);
});
