import { CommandError, exitCodes } from './exit.ts';

/** How much harm an agent could do, from a text: a whole number from 0 to 100. */
export function risk(text: string): number {
  if (/^(?:\d{1,2}|100)$/.test(text)) return Number(text);
  throw new CommandError(exitCodes.local, `\`${text}\` is no risk; write a number from 0 to 100`);
}
