import { CommandError, exitCodes } from './exit.ts';

/** A whole number from a text, between two bounds. */
export function count(text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw new CommandError(exitCodes.local, `\`${text}\` is no count; write a number ${range}`);
}
