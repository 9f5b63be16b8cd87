import type { Level } from '../../kernel/index.ts';

/** Where a command speaks: data on `out`, everything else on `err`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
}

/** Colours for a stream, or none: not on a terminal, or NO_COLOR is set (no-color.org). */
export interface Paint {
  level(level: string, text?: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

const codes: Readonly<Record<Level | 'ok' | 'degraded' | 'down', number>> = {
  allow: 32,
  amend: 33,
  hold: 35,
  deny: 31,
  ok: 32,
  degraded: 33,
  down: 31,
};

export function paint(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const plain = !isTerminal || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const wrap = (code: number | undefined, text: string) => {
    return plain || code === undefined ? text : `\x1b[${code}m${text}\x1b[0m`;
  };
  return {
    level: (level, text = level) => wrap(codes[level as Level], text),
    bold: (text) => wrap(1, text),
    dim: (text) => wrap(2, text),
  };
}

/**
 * Text from elsewhere, safe to print: what would steer a terminal (controls, escape sequences) or
 * turn the reading direction shows as `?`. Names of models are written by whoever calls.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '?');
}
