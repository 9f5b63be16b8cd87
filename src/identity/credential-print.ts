import { hash } from 'node:crypto';
import { GatehouseError } from '../kernel/index.ts';
import type { Presented } from './presented.ts';
import { refusal } from './refusal.ts';
import { fingerprint, isStaticKey, keyPrefix } from './static-key.ts';

const longestCredential = 8192;
const prints = new WeakMap<Presented['certificates'], string>();

/**
 * What a shown credential is remembered by: SHA-256 of the key or token in hexadecimal; without one,
 * of the certificates.
 *
 * @throws GatehouseError `unauthenticated` for none at all and for what cannot be one.
 */
export function credentialPrint({ credential, certificates }: Presented): string {
  if (credential !== null && credential !== '') return fingerprint(checked(credential));
  if (certificates.length > 0) return printOf(certificates);
  const message =
    'no credential; send `authorization: bearer KEY` or `x-api-key: KEY` ' +
    '(a key comes from gatehouse agent key)';
  throw new GatehouseError('unauthenticated', message);
}

function checked(credential: string): string {
  if (credential.length > longestCredential) throw refusal('it is too long');
  if (isStaticKey(credential)) return credential;
  if (credential.startsWith(keyPrefix)) {
    throw refusal('the key is incomplete or mistyped; copy it again');
  }
  if (credential.split('.', 4).length !== 3) {
    throw refusal(`it is neither a key (\`${keyPrefix}…\`) nor a token (at+jwt)`);
  }
  return credential;
}

// A connection shows the same list with each of its requests.
function printOf(certificates: Presented['certificates']): string {
  const known = prints.get(certificates);
  if (known !== undefined) return known;
  const each = certificates.map((one) => hash('sha256', one, 'hex')).join(' ');
  const print = `x509 ${hash('sha256', each, 'hex')}`;
  prints.set(certificates, print);
  return print;
}
