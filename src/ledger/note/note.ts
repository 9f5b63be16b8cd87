import { fromBase64, toBase64 } from './base64.ts';
import { isKeyName, type Signer, type Verifier } from './key.ts';

/** A text with its signatures (C2SP signed-note). `text` ends with a newline. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  readonly id: Uint8Array;
  readonly signature: Uint8Array;
}

// A verifier must take 16 signatures; post-quantum ones have up to 5 kB.
const mostSignatures = 64;
const mostBytes = 1_000_000;

/** Signs a text and gives the whole note. */
export function signNote(text: string, signer: Signer): string {
  const signature = signer.sign(Buffer.from(text));
  return `${text}\n— ${signer.name} ${toBase64(Buffer.concat([signer.id, signature]))}\n`;
}

/** The note in a text, or null if it is none. Says nothing of whether the signatures are good. */
export function parseNote(note: string): Note | null {
  if (note.length > mostBytes || !note.isWellFormed() || hasControl(note)) return null;
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return null;
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > mostSignatures) return null;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignature(line);
    if (signature === null) return null;
    signatures.push(signature);
  }
  return { text: note.slice(0, split + 1), signatures };
}

/**
 * True if the key signed the note. Signatures of other keys are ignored, as the format demands; a
 * second one under this key must be good too.
 */
export function isSignedBy(note: Note, key: Verifier): boolean {
  const own = note.signatures.filter(
    ({ name, id }) => name === key.name && Buffer.compare(id, key.id) === 0,
  );
  const text = Buffer.from(note.text);
  return own.length > 0 && own.every(({ signature }) => key.verify(text, signature));
}

function parseSignature(line: string): NoteSignature | null {
  const [dash, name, encoded, ...more] = line.split(' ');
  if (dash !== '—' || name === undefined || encoded === undefined || more.length > 0) return null;
  const bytes = fromBase64(encoded);
  if (!isKeyName(name) || bytes === null || bytes.length < 5) return null;
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 && code !== 0x0a) return true;
  }
  return false;
}
