/** Writes one value of DER (X.690): tag, length in its shortest form, contents. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const short = length.subarray(length.findIndex((octet) => octet !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | short.length]), short, body]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts);
}

/** An object identifier, such as `2.5.29.17`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from(octets));
}

export function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  let from = 0;
  while (from < 4 && bytes[from] === 0 && (bytes[from + 1] ?? 0) < 0x80) from += 1;
  return der(0x02, bytes.subarray(from));
}

/** A BIT STRING with these bits set, the first being 0. */
export function bits(...set: readonly number[]): Buffer {
  const last = Math.max(...set);
  const octets = Buffer.alloc((last >> 3) + 1);
  for (const bit of set) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return der(0x03, Buffer.from([7 - (last & 7)]), octets);
}

/** GeneralizedTime, in seconds. */
export function time(at: number): Buffer {
  const text = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return der(0x18, Buffer.from(text));
}
