import { type BodyRef, GatehouseError } from '../../kernel/index.ts';
import type { Vault } from '../../store/index.ts';
import { toBase64 } from '../note/base64.ts';
import type { Signer } from '../note/key.ts';
import { formatReceipt } from '../note/receipt.ts';
import type { LogReader, RawEntry } from '../read/log-reader.ts';
import { proveInclusion } from '../tree/prover.ts';
import {
  type BundleBody,
  type BundleEntry,
  bundleFormat,
  bundleVersion,
  formatBundle,
} from './bundle.ts';

type Bodies = Pick<Vault, 'open' | 'opening'>;

/**
 * Exports a trace as the text of a bundle, or null if the log knows no such trace. With `bodies`,
 * what can still be read of them is opened; what was shredded is left out.
 */
export async function traceBundle(
  reader: LogReader,
  signer: Signer,
  trace: string,
  bodies: Bodies | null,
): Promise<string | null> {
  const found = await reader.rawByTrace(trace);
  const { head, text: checkpoint } = await reader.checkpoint();
  if (found.length === 0) return null;
  const nodes = reader.nodes(head.size);
  const entries: BundleEntry[] = [];
  for (const { index, text } of found) {
    const proof = await proveInclusion(index, head.size, nodes);
    entries.push({ index, entry: text, receipt: formatReceipt({ index, proof, checkpoint }) });
  }
  return formatBundle({
    format: bundleFormat,
    version: bundleVersion,
    origin: head.origin,
    key: signer.vkey,
    checkpoint,
    trace,
    entries,
    bodies: bodies === null ? [] : await opened(found, bodies),
  });
}

async function opened(entries: readonly RawEntry[], vault: Bodies): Promise<BundleBody[]> {
  const refs = entries.flatMap(({ text }) => {
    const listed: unknown = JSON.parse(text).bodies;
    return Array.isArray(listed) ? (listed as BodyRef[]) : [];
  });
  const bodies: BundleBody[] = [];
  for (const ref of refs) {
    try {
      const [bytes, opening] = [await vault.open(ref), await vault.opening(ref)];
      bodies.push({ blob: ref.blob, bytes: toBase64(bytes), opening: toBase64(opening) });
    } catch (error) {
      if (!(error instanceof GatehouseError) || error.code !== 'not_found') throw error;
    }
  }
  return bodies;
}
