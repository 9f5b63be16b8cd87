import type { Transform } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';

/**
 * A decoder for a `content-encoding` (RFC 9110, 8.4.1): null for none, undefined for one that is not
 * read here, which also covers stacked encodings. Requests ask for `identity`; some servers encode
 * all the same. The output is bounded by whoever counts it: a decoder holds back while nobody reads.
 */
export function decoderFor(encoding: string): Transform | null | undefined {
  switch (encoding.toLowerCase()) {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress();
    default:
      return undefined;
  }
}
