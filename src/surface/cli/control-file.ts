import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the command line of this machine needs to reach the running product. */
export interface ControlFile {
  readonly pid: number;
  /** Of the control plane. */
  readonly url: string;
  /** Of the data plane. */
  readonly gateway: string;
  /** Null where only its hash is known: another machine began this data. */
  readonly token: string | null;
}

export function controlFilePath(data: string): string {
  return join(data, 'control.json');
}

/** Null if there is none, or none that can be read. */
export function readControlFile(data: string): ControlFile | null {
  try {
    return JSON.parse(readFileSync(controlFilePath(data), 'utf8')) as ControlFile;
  } catch {
    return null;
  }
}

/**
 * Leaves word for the command line, readable by its owner alone, and answers it. A token that is
 * not new is the one of before.
 */
export function writeControlFile(data: string, word: ControlFile): ControlFile {
  const token = word.token ?? readControlFile(data)?.token ?? null;
  const whole = { ...word, token };
  const file = controlFilePath(data);
  writeFileSync(`${file}.new`, `${JSON.stringify(whole)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return whole;
}
