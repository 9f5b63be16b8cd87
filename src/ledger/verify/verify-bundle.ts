import type { JsonObject } from '../../kernel/index.ts';
import { commitmentOf } from '../../store/index.ts';
import { type Bundle, type BundleBody, type BundleEntry, parseBundle } from '../bundle/bundle.ts';
import { fromBase64 } from '../note/base64.ts';
import type { Head } from '../note/checkpoint.ts';
import { parseReceipt } from '../note/receipt.ts';
import { leafHash } from '../tree/hash.ts';
import { provesInclusion } from '../tree/proof.ts';
import { checkCheckpoint, checkKey } from './checkpoint-check.ts';
import { entryIn } from './entry-check.ts';
import { type Steps, type Verification, verification } from './verification.ts';

export interface VerifyBundleOptions {
  /** The verifier key, known from elsewhere. Without it the bundle's own is taken, and told. */
  readonly key?: string;
}

/**
 * Verifies an exported bundle, offline: who signed, that every entry is what was signed for, and
 * that opened bodies are what the entries commit to. It cannot show that no entry was left out.
 */
export function verifyBundle(
  text: string,
  options: VerifyBundleOptions = {},
): Promise<Verification> {
  return verification(options.key !== undefined, (steps) => {
    const bundle = checkFormat(steps, text);
    const key = checkKey(steps, options.key, bundle.key);
    if (key.vkey !== bundle.key) steps.wrong('key', 'the bundle names another key than yours');
    const head = checkCheckpoint(steps, bundle.checkpoint, key);
    if (head.origin !== bundle.origin) steps.wrong('checkpoint', 'the bundle names another origin');
    const entries = checkEntries(steps, bundle);
    checkReceipts(steps, bundle, head);
    checkBodies(steps, bundle.bodies, entries);
  });
}

function checkFormat(steps: Steps, text: string): Bundle {
  const bundle = parseBundle(text);
  if (typeof bundle === 'string') return steps.wrong('format', bundle);
  steps.pass(
    'format',
    `a bundle of version ${bundle.version} with ${bundle.entries.length} entries`,
  );
  return bundle;
}

function checkEntries(steps: Steps, { entries, trace }: Bundle): readonly JsonObject[] {
  if (entries.length === 0) return steps.wrong('entries', 'the bundle holds no entry');
  let last = -1;
  const parsed = entries.map(({ index, entry: text }) => {
    if (index <= last) return steps.wrong('entries', `entry ${index} is not in its order`);
    last = index;
    const entry = entryIn(Buffer.from(text));
    if (typeof entry === 'string') return steps.wrong('entries', `entry ${index} ${entry}`);
    if (entry['trace'] === trace) return entry;
    return steps.wrong(
      'entries',
      `entry ${index} is of another trace than \`${trace.slice(0, 40)}\``,
    );
  });
  steps.pass('entries', `${entries.length} entries of trace \`${trace}\`, canonical and in order`);
  return parsed;
}

function checkReceipts(steps: Steps, { entries, checkpoint }: Bundle, head: Head): void {
  for (const entry of entries) {
    const problem = receiptProblem(entry, checkpoint, head);
    if (problem !== null) steps.wrong('receipts', `the receipt of entry ${entry.index} ${problem}`);
  }
  steps.pass('receipts', 'every entry is in the log that the checkpoint signs for');
}

function receiptProblem(entry: BundleEntry, checkpoint: string, head: Head): string | null {
  const receipt = parseReceipt(entry.receipt);
  if (receipt === null) return 'is not one (C2SP tlog-proof)';
  if (receipt.index !== entry.index) return `is for entry ${receipt.index}`;
  if (receipt.checkpoint !== checkpoint) return 'names another checkpoint than the bundle';
  const leaf = leafHash(Buffer.from(entry.entry));
  if (provesInclusion(receipt.proof, entry.index, head.size, leaf, head.root)) return null;
  return 'does not prove it: the entry or the proof was changed';
}

function checkBodies(
  steps: Steps,
  bodies: readonly BundleBody[],
  entries: readonly JsonObject[],
): void {
  const refs = entries.flatMap(({ bodies: listed }) => (Array.isArray(listed) ? listed : []));
  const byBlob = new Map(refs.map((ref) => [(ref as JsonObject)?.['blob'], ref as JsonObject]));
  const seen = new Set<string>();
  for (const body of bodies) {
    const problem = seen.has(body.blob) ? 'comes twice' : bodyProblem(body, byBlob.get(body.blob));
    if (problem !== null)
      steps.wrong('bodies', `the body \`${body.blob.slice(0, 40)}\` ${problem}`);
    seen.add(body.blob);
  }
  const detail = `${bodies.length} of ${refs.length} are opened, and are what the entries commit to`;
  steps.pass('bodies', detail);
}

function bodyProblem(body: BundleBody, ref: JsonObject | undefined): string | null {
  if (ref === undefined) return 'belongs to no entry of the bundle';
  const bytes = fromBase64(body.bytes);
  const opening = fromBase64(body.opening);
  if (bytes === null || opening?.length !== 32) return 'is not base64 with an opening of 32 bytes';
  if (bytes.length !== ref['bytes'] || commitmentOf(opening, bytes) !== ref['commitment']) {
    return 'is not what its entry commits to: body, opening or commitment was changed';
  }
  return null;
}
