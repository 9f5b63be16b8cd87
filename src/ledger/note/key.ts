import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { GatehouseError } from '../../kernel/index.ts';
import { sha256 } from '../tree/hash.ts';
import { fromBase64, toBase64 } from './base64.ts';

/** Signs notes under a name. `vkey` is the text by which others know the key. */
export interface Signer {
  readonly name: string;
  readonly id: Uint8Array;
  readonly vkey: string;
  sign(text: Uint8Array): Uint8Array;
}

/** Checks the signatures of one key. */
export interface Verifier {
  readonly name: string;
  readonly id: Uint8Array;
  readonly vkey: string;
  verify(text: Uint8Array, signature: Uint8Array): boolean;
}

// C2SP signed-note: signature type Ed25519.
const ed25519 = 1;
const seedBytes = 32;
const keyBytes = 32;
const privatePrefix = 'PRIVATE+KEY+';
// RFC 8410: what stands before the 32 bytes in PKCS #8 and in SubjectPublicKeyInfo.
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const spki = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * A new signing key in the text form of C2SP signed-note's reference code:
 * `PRIVATE+KEY+<name>+<key id in hex>+<base64 of 0x01 and the seed>`. It is a secret.
 *
 * @throws GatehouseError `bad_config` for a name with white space or a plus sign.
 */
export function generateKey(
  name: string,
  random: (size: number) => Uint8Array = randomBytes,
): string {
  const seed = random(seedBytes);
  const id = Buffer.from(keyId(name, publicBytes(privateKey(seed)))).toString('hex');
  return `${privatePrefix}${named(name)}+${id}+${toBase64(Buffer.concat([Buffer.from([ed25519]), seed]))}`;
}

/**
 * The signer of a key made by `generateKey`.
 *
 * @throws GatehouseError `bad_config` when the text is no such key. The text is not repeated.
 */
export function signerOf(skey: string): Signer {
  const text = skey.trim();
  const [name, id, key] = text.startsWith(privatePrefix)
    ? fields(text.slice(privatePrefix.length))
    : [];
  if (name === undefined || id === undefined || key?.length !== seedBytes) throw badKey('signing');
  const secret = privateKey(key);
  const open = publicBytes(secret);
  if (!keyId(name, open).equals(id)) throw badKey('signing');
  return {
    name,
    id,
    vkey: vkeyOf(name, open),
    sign: (message) => signBytes(null, message, secret),
  };
}

/**
 * The verifier of a key in its public text form, `<name>+<key id in hex>+<base64 of 0x01 and key>`.
 *
 * @throws GatehouseError `bad_config` when the text is no such key.
 */
export function verifierOf(vkey: string): Verifier {
  const text = vkey.trim();
  const [name, id, key] = fields(text);
  if (name === undefined || id === undefined || key?.length !== keyBytes) throw badKey('verifier');
  if (!keyId(name, key).equals(id)) throw badKey('verifier');
  const open = createPublicKey({ key: Buffer.concat([spki, key]), format: 'der', type: 'spki' });
  return {
    name,
    id,
    vkey: text,
    verify: (message, signature) =>
      signature.length === 64 && verifyBytes(null, message, open, signature),
  };
}

/** Key names are not empty and hold no Unicode space and no plus sign (C2SP signed-note). */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\s\p{Z}\p{Cc}+]/u.test(name);
}

function fields(text: string): [string, Buffer, Uint8Array] | [] {
  // Base64 has plus signs of its own: only the first two separate.
  const first = text.indexOf('+');
  const second = text.indexOf('+', first + 1);
  if (first < 0 || second < 0) return [];
  const name = text.slice(0, first);
  const id = Buffer.from(text.slice(first + 1, second), 'hex');
  const bytes = fromBase64(text.slice(second + 1));
  if (!isKeyName(name) || id.toString('hex') !== text.slice(first + 1, second)) return [];
  return bytes === null || bytes[0] !== ed25519 ? [] : [name, id, bytes.subarray(1)];
}

function keyId(name: string, key: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ed25519]), key]);
  return Buffer.from(sha256(named).subarray(0, 4));
}

function vkeyOf(name: string, key: Uint8Array): string {
  const id = keyId(name, key).toString('hex');
  return `${name}+${id}+${toBase64(Buffer.concat([Buffer.from([ed25519]), key]))}`;
}

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
}

function publicBytes(key: KeyObject): Uint8Array {
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return der.subarray(spki.length);
}

function named(name: string): string {
  if (isKeyName(name)) return name;
  const message = `\`${name}\` cannot name a key; use a name without white space and plus signs, such as \`example.com/gatehouse\``;
  throw new GatehouseError('bad_config', message);
}

function badKey(which: string): GatehouseError {
  const form = which === 'signing' ? 'PRIVATE+KEY+<name>+<id>+<key>' : '<name>+<id>+<key>';
  return new GatehouseError(
    'bad_config',
    `this is no ${which} key; expected \`${form}\` (C2SP signed-note, Ed25519)`,
  );
}
