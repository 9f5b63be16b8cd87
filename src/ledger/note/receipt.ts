import { hashBytes } from '../tree/hash.ts';
import type { Proof } from '../tree/proof.ts';
import { fromBase64, parseCount, toBase64 } from './base64.ts';

/** That an entry stands at an index of the log whose checkpoint this is (C2SP tlog-proof). */
export interface Receipt {
  readonly index: number;
  readonly proof: Proof;
  readonly checkpoint: string;
}

const header = 'c2sp.org/tlog-proof@v1';
// A tree of 2^53 entries is no deeper.
const mostHashes = 53;

/** The receipt as a text, to be kept in a file `*.tlog-proof`. */
export function formatReceipt(receipt: Receipt): string {
  const hashes = receipt.proof.map((hash) => `${toBase64(hash)}\n`).join('');
  return `${header}\nindex ${receipt.index}\n${hashes}\n${receipt.checkpoint}`;
}

/** The receipt in a text, or null if it is none. Extra data is authenticated by nothing and ignored. */
export function parseReceipt(text: string): Receipt | null {
  const split = text.indexOf('\n\n');
  if (split < 0) return null;
  const [first, ...lines] = text.slice(0, split).split('\n');
  if (first !== header) return null;
  const extra = lines[0];
  if (extra?.startsWith('extra ')) {
    if (fromBase64(extra.slice('extra '.length)) === null) return null;
    lines.shift();
  }
  const [place, ...hashes] = lines;
  if (!place?.startsWith('index ') || hashes.length > mostHashes) return null;
  const index = parseCount(place.slice('index '.length));
  const proof: Uint8Array[] = [];
  for (const line of hashes) {
    const hash = fromBase64(line);
    if (hash?.length !== hashBytes) return null;
    proof.push(hash);
  }
  return index === null ? null : { index, proof, checkpoint: text.slice(split + 2) };
}
