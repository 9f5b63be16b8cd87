import { dollarsOfNanos } from './amount.ts';
import { type DecisionEntry, numberIn, objectIn } from './decision-entry.ts';
import { counted } from './words.ts';

/** What a call was charged, in a clause, or null where the entry tells of no charge. */
export function charged({ facts }: DecisionEntry): string | null {
  const within = objectIn(facts, 'quota');
  const charge = objectIn('charged' in facts ? facts : within, 'charged');
  const tokens = numberIn(charge, 'tokens') ?? 0;
  const cost = numberIn(charge, 'cost') ?? 0;
  const amounts = [
    ...(tokens > 0 ? [counted(tokens, 'token')] : []),
    ...(cost > 0 ? [dollarsOfNanos(cost)] : []),
  ];
  if (amounts.length === 0) return null;
  const were = amounts.length === 1 && tokens <= 1 ? 'was' : 'were';
  const how = charge['exact'] === false ? ' by estimate' : '';
  return `${amounts.join(' and ')} ${were} charged${how}`;
}
