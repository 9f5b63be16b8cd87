import { canonical, type Json, type JsonObject } from '../../kernel/index.ts';

/** What the first member of every bundle says. */
export const bundleFormat = 'gatehouse-bundle';
export const bundleVersion = 1;

/** An entry with the proof that it is in the log. `entry` is its canonical text, byte for byte. */
export interface BundleEntry {
  readonly index: number;
  readonly entry: string;
  /** C2SP tlog-proof. */
  readonly receipt: string;
}

/**
 * An opened body. `bytes` is base64; `opening` the base64 of the 32-byte key under which its
 * HMAC-SHA256 is the commitment in the entry.
 */
export interface BundleBody {
  readonly blob: string;
  readonly bytes: string;
  readonly opening: string;
}

/** The entries of one trace, as one file that verifies offline. */
export interface Bundle {
  readonly format: typeof bundleFormat;
  readonly version: typeof bundleVersion;
  readonly origin: string;
  /** The verifier key (C2SP signed-note). */
  readonly key: string;
  readonly checkpoint: string;
  readonly trace: string;
  readonly entries: readonly BundleEntry[];
  readonly bodies: readonly BundleBody[];
}

/** A bundle as the text of its file: canonical JSON and a newline, so that every byte counts. */
export function formatBundle(bundle: Bundle): string {
  return `${canonical(bundle as unknown as JsonObject)}\n`;
}

/** The bundle in a text, or what is wrong with the text. */
export function parseBundle(text: string): Bundle | string {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return 'the bundle is not JSON';
  }
  if (!isObject(value) || value['format'] !== bundleFormat) return 'this is no gatehouse bundle';
  if (value['version'] !== bundleVersion) {
    return `the bundle has version \`${String(value['version']).slice(0, 20)}\`, expected \`${bundleVersion}\``;
  }
  if (!hasShape(value)) return 'the bundle has members missing, or of the wrong kind, or too many';
  const bundle = value as unknown as Bundle;
  try {
    if (formatBundle(bundle) === text) return bundle;
  } catch {
    // A text that JSON cannot say, such as a lone surrogate.
  }
  return 'the bundle is not canonical JSON (RFC 8785) with a newline at its end';
}

function hasShape(value: JsonObject): boolean {
  const { format, version, entries, bodies, ...texts } = value;
  return (
    hasTexts(texts, ['origin', 'key', 'checkpoint', 'trace']) &&
    Array.isArray(entries) &&
    entries.every(isEntry) &&
    Array.isArray(bodies) &&
    bodies.every((body) => isObject(body) && hasTexts(body, ['blob', 'bytes', 'opening']))
  );
}

function isEntry(value: Json): boolean {
  if (!isObject(value)) return false;
  const { index, ...texts } = value;
  return Number.isSafeInteger(index) && hasTexts(texts, ['entry', 'receipt']);
}

function hasTexts(value: JsonObject, names: readonly string[]): boolean {
  const keys = Object.keys(value);
  return keys.length === names.length && names.every((name) => typeof value[name] === 'string');
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
