import { refused } from './refusal.ts';

/** One value of DER (X.690): its identifier octet and its contents. */
export interface DerValue {
  readonly tag: number;
  readonly body: Uint8Array;
}

/** The identifier octets that certificates are read by. */
export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
} as const;

/**
 * Reads values one after another, strictly: definite lengths in their shortest form and tags of one
 * octet, so that what is read has one reading only.
 *
 * @throws GatehouseError `unauthenticated` for anything else.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The identifier octet of what comes next; undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  next(): DerValue {
    const tag = this.#octet();
    if ((tag & 0x1f) === 0x1f) throw malformed('a tag of several octets');
    const length = this.#length();
    if (length > this.#bytes.length - this.#at) throw malformed('a length beyond its end');
    const body = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return { tag, body };
  }

  /** The contents of the next value, which must have that tag. */
  take(tag: number): Uint8Array {
    const value = this.next();
    if (value.tag !== tag) throw malformed(`tag ${value.tag} where ${tag} belongs`);
    return value.body;
  }

  /** The contents of the next value if it has that tag. */
  takeIf(tag: number): Uint8Array | null {
    return this.peek() === tag ? this.take(tag) : null;
  }

  /** @throws unless all was read. */
  end(): void {
    if (!this.ended) throw malformed('something after its end');
  }

  #octet(): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) throw malformed('an early end');
    this.#at += 1;
    return octet;
  }

  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw malformed('a length that is open or too long');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#octet();
    if (length < 0x80 || length < 256 ** (count - 1)) throw malformed('a length that is padded');
    return length;
  }
}

/** The one value that the bytes are, which must have that tag. */
export function derContents(bytes: Uint8Array, tag: number): Uint8Array {
  const reader = new DerReader(bytes);
  const body = reader.take(tag);
  reader.end();
  return body;
}

/** A BOOLEAN's contents: DER knows only 00 and FF. */
export function derBoolean(body: Uint8Array): boolean {
  if (body.length !== 1 || (body[0] !== 0 && body[0] !== 0xff)) throw malformed('a bad boolean');
  return body[0] === 0xff;
}

/** An INTEGER's contents, if it is from 0 to 2^31. */
export function derCount(body: Uint8Array): number {
  const [first = 0x80, second = 0x80] = body;
  const padded = body.length > 1 && first === 0 && second < 0x80;
  if (body.length > 4 || first >= 0x80 || padded) throw malformed('a bad integer');
  return body.reduce((value, octet) => value * 256 + octet, 0);
}

/** An OBJECT IDENTIFIER's contents as hexadecimal: enough to compare. */
export function derOid(body: Uint8Array): string {
  if (body.length === 0) throw malformed('an empty identifier');
  return Buffer.from(body).toString('hex');
}

/** The numbers of the bits that are set in a BIT STRING of named bits, the first being 0. */
export function derBits(body: Uint8Array): ReadonlySet<number> {
  const [unused = 8, ...octets] = body;
  const last = octets.at(-1);
  if (unused > 7 || (last === undefined && unused !== 0)) throw malformed('a bad bit string');
  if (last !== undefined && (last & ((1 << unused) - 1)) !== 0)
    throw malformed('padding that is set');
  const bits = new Set<number>();
  octets.forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit++) {
      if ((octet & (0x80 >> bit)) !== 0) bits.add(index * 8 + bit);
    }
  });
  return bits;
}

function malformed(what: string): Error {
  return refused(`the certificate is not DER: it has ${what}`);
}
