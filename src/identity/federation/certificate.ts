import { X509Certificate } from 'node:crypto';
import { DerReader, derBits, derBoolean, derContents, derCount, derOid, derTag } from './der.ts';
import { refused } from './refusal.ts';

/**
 * What a certificate says, read from its own bytes (RFC 5280, section 4). Node's `subjectAltName`
 * is a text in which a quoted value can look like two (CVE-2021-44532), and Node tells no key usage
 * bits, so neither is asked.
 */
export interface Certificate {
  readonly x509: X509Certificate;
  /** Unix time in milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly ca: boolean;
  /** How many more CA certificates may follow; null: any number. */
  readonly pathLength: number | null;
  /** Null where the extension is missing. */
  readonly keyUsage: ReadonlySet<number> | null;
  readonly uris: readonly string[];
  /** Extensions that must be understood (`critical`) and are not. Object identifiers, hexadecimal. */
  readonly strange: readonly string[];
}

/** Bits of the key usage (RFC 5280, section 4.2.1.3). */
export const keyUsageBit = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;

// Object identifiers 2.5.29.N.
const extension = {
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  extendedKeyUsage: '551d25',
} as const;

const longestCertificate = 65_536;
const tag = {
  version: 0xa0,
  issuerId: 0x81,
  subjectId: 0x82,
  extensions: 0xa3,
  uri: 0x86,
} as const;

/** @throws GatehouseError `unauthenticated` for what is no certificate, in DER, and nothing else. */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > longestCertificate) throw refused('a certificate is longer than 64 KiB');
  const extensions = extensionsOf(der);
  let x509: X509Certificate;
  let notBefore: number;
  let notAfter: number;
  try {
    x509 = new X509Certificate(der);
    notBefore = x509.validFromDate.getTime();
    notAfter = x509.validToDate.getTime();
  } catch (cause) {
    throw refused('a certificate is malformed', cause);
  }
  // Both readers must have read the same bytes.
  if (!x509.raw.equals(der)) throw refused('a certificate is malformed');
  if (!Number.isFinite(notBefore) || !Number.isFinite(notAfter)) {
    throw refused('a certificate has no time');
  }
  return { x509, notBefore, notAfter, ...factsOf(extensions) };
}

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

function extensionsOf(der: Uint8Array): ReadonlyMap<string, Extension> {
  const tbs = new DerReader(new DerReader(derContents(der, derTag.sequence)).take(derTag.sequence));
  tbs.takeIf(tag.version);
  tbs.take(derTag.integer);
  // Signature, issuer, validity, subject, key.
  for (let field = 0; field < 5; field++) tbs.take(derTag.sequence);
  tbs.takeIf(tag.issuerId);
  tbs.takeIf(tag.subjectId);
  const wrapped = tbs.takeIf(tag.extensions);
  tbs.end();
  const found = new Map<string, Extension>();
  if (wrapped === null) return found;
  const list = new DerReader(derContents(wrapped, derTag.sequence));
  while (!list.ended) {
    const one = new DerReader(list.take(derTag.sequence));
    const id = derOid(one.take(derTag.oid));
    const flag = one.takeIf(derTag.boolean);
    const value = one.take(derTag.octetString);
    one.end();
    if (found.has(id)) throw refused('a certificate has one extension twice');
    found.set(id, { critical: flag !== null && derBoolean(flag), value });
  }
  return found;
}

function factsOf(extensions: ReadonlyMap<string, Extension>) {
  const basic = extensions.get(extension.basicConstraints);
  const usage = extensions.get(extension.keyUsage);
  const names = extensions.get(extension.subjectAltName);
  const known: readonly string[] = Object.values(extension);
  const strange = [...extensions].filter(([id, { critical }]) => critical && !known.includes(id));
  return {
    ...(basic === undefined ? { ca: false, pathLength: null } : basicConstraints(basic.value)),
    keyUsage: usage === undefined ? null : derBits(derContents(usage.value, derTag.bitString)),
    uris: names === undefined ? [] : urisOf(names.value),
    strange: strange.map(([id]) => id),
  };
}

function basicConstraints(value: Uint8Array): { ca: boolean; pathLength: number | null } {
  const fields = new DerReader(derContents(value, derTag.sequence));
  const flag = fields.takeIf(derTag.boolean);
  const length = fields.takeIf(derTag.integer);
  fields.end();
  return {
    ca: flag !== null && derBoolean(flag),
    pathLength: length === null ? null : derCount(length),
  };
}

function urisOf(value: Uint8Array): readonly string[] {
  const names = new DerReader(derContents(value, derTag.sequence));
  const uris: string[] = [];
  while (!names.ended) {
    const name = names.next();
    // One octet, one character: what is not ASCII fails as a SPIFFE ID later.
    if (name.tag === tag.uri) uris.push(Buffer.from(name.body).toString('latin1'));
  }
  return uris;
}
