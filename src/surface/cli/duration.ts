import { CommandError, exitCodes } from './exit.ts';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** The seconds in a text such as `90m`, `24h` or `30d`. */
export function seconds(text: string): number {
  const match = /^(\d{1,7})([smhd])$/.exec(text);
  const unit = units[match?.[2] ?? ''];
  if (match === null || unit === undefined || Number(match[1]) === 0) {
    throw new CommandError(exitCodes.local, `\`${text}\` is no time; write 90m, 24h or 30d`);
  }
  return Number(match[1]) * unit;
}
