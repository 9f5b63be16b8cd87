import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bits, der, integer, oid, sequence, time } from './der-writer.ts';

/** What a certificate shall say. What is left out is as a good one has it. */
export interface CertificateText {
  readonly name?: string;
  readonly uris?: readonly string[];
  /** GeneralNames in DER, besides the URIs. */
  readonly names?: readonly Uint8Array[];
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** Bits of the key usage; null: no such extension. */
  readonly usage?: readonly number[] | null;
  /** Purposes of the extended key usage. */
  readonly purposes?: readonly string[];
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Further extensions, in DER. */
  readonly more?: readonly Uint8Array[];
  readonly hash?: 'sha256' | 'sha1';
}

/** Somebody with a key and a certificate for it. */
export interface Holder {
  readonly name: string;
  readonly key: KeyObject;
  readonly der: Buffer;
}

export const usage = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 };
const algorithms = { sha256: '1.2.840.10045.4.3.2', sha1: '1.2.840.10045.4.1' };
const year = 365 * 86_400_000;
let serial = 0;

/** An extension (RFC 5280, section 4.1). */
export function extension(id: string, value: Uint8Array, critical = true): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, der(0x04, value));
}

/** A root that signs itself, with a CA's usage unless told otherwise. */
export function root(name: string, text: CertificateText = {}): Holder {
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const all = { ca: true, usage: [usage.keyCertSign, usage.cRLSign], ...text, name };
  return { name, key, der: certificate(publicKey, all, { name, key }) };
}

/** A certificate from `by` for a new key. */
export function issue(by: Pick<Holder, 'name' | 'key'>, text: CertificateText = {}): Holder {
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { name = 'workload' } = text;
  return { name, key, der: certificate(publicKey, { ...text, name }, by) };
}

/** A CA below `by`. */
export function intermediate(by: Holder, name: string, text: CertificateText = {}): Holder {
  return issue(by, { ca: true, usage: [usage.keyCertSign], ...text, name });
}

export function pem({ der: bytes }: Holder): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A URI as a GeneralName. */
export function uriName(uri: string): Buffer {
  return der(0x86, Buffer.from(uri, 'latin1'));
}

function certificate(
  subjectKey: KeyObject,
  text: CertificateText & { readonly name: string },
  by: Pick<Holder, 'name' | 'key'>,
): Buffer {
  const { hash = 'sha256', notBefore = Date.now() - year, notAfter = Date.now() + year } = text;
  const algorithm = sequence(oid(algorithms[hash]));
  const tbs = sequence(
    der(0xa0, integer(2)),
    integer(++serial),
    algorithm,
    nameOf(by.name),
    sequence(time(notBefore), time(notAfter)),
    nameOf(text.name),
    subjectKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions(text))),
  );
  const signature = sign(hash, tbs, by.key);
  return sequence(tbs, algorithm, der(0x03, Buffer.from([0]), signature));
}

function nameOf(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

function extensions(text: CertificateText): readonly Uint8Array[] {
  const { ca = false, pathLength, purposes = [], uris = [], names = [], more = [] } = text;
  const bitsOf = text.usage === undefined ? [usage.digitalSignature] : text.usage;
  const limit = pathLength === undefined ? [] : [integer(pathLength)];
  const flag = ca ? [der(0x01, Buffer.from([0xff]))] : [];
  const all: Uint8Array[] = [extension('2.5.29.19', sequence(...flag, ...limit))];
  if (bitsOf !== null) all.push(extension('2.5.29.15', bits(...bitsOf)));
  if (purposes.length > 0) {
    all.push(extension('2.5.29.37', sequence(...purposes.map(oid)), false));
  }
  const alternatives = [...uris.map(uriName), ...names];
  if (alternatives.length > 0) all.push(extension('2.5.29.17', sequence(...alternatives), false));
  return [...all, ...more];
}
