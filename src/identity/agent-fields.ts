import { GatehouseError } from '../kernel/index.ts';

const nameRule =
  'use 1 to 64 of a-z, 0-9, dot, hyphen, underscore; begin and end with one of a-z, 0-9';

/** @throws GatehouseError `bad_request` unless it is safe as a name everywhere. */
export function checkName(field: string, value: string): void {
  const form = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
  if (typeof value === 'string' && form.test(value)) return;
  throw notAllowed(field, value, nameRule);
}

/** @throws GatehouseError `bad_request` unless it is one line of 1 to `most` code units. */
export function checkText(field: string, value: string, most: number): void {
  const good = typeof value === 'string' && value.trim() !== '' && value.length <= most;
  if (good && value.isWellFormed() && !/\p{Cc}/u.test(value)) return;
  throw notAllowed(field, value, `write 1 to ${most} characters on one line`);
}

/** @throws GatehouseError `bad_request` unless it is a whole number from 0 to 100. */
export function checkRisk(value: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= 100) return;
  throw notAllowed('risk', value, 'give a whole number from 0 to 100');
}

/** The error for a field that cannot be taken, with the rule that it breaks. */
export function notAllowed(field: string, value: unknown, rule: string): GatehouseError {
  return new GatehouseError('bad_request', `${field} \`${shown(value)}\` is not allowed; ${rule}`);
}

/** A value from outside as it may stand in a message: short, and of printable characters only. */
export function shown(value: unknown): string {
  return String(value)
    .slice(0, 64)
    .replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
}
