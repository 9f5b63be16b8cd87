import type { JsonObject } from '../../kernel/index.ts';
import { type DecisionEntry, listIn, objectIn, textIn } from './decision-entry.ts';

/** A decision of the token service: somebody was given a token, or was not. */
export function isGrant({ facts }: DecisionEntry): boolean {
  return textIn(facts, 'protocol') === 'oauth.token' || Object.hasOwn(facts, 'grant');
}

/** What the token is: how it was asked for, whether it is bound, and for what it is good. */
export function grantTold({ facts }: DecisionEntry): string {
  const grant = objectIn(facts, 'grant');
  const scopes = scopesIn(grant);
  const traits = [
    (textIn(grant, 'type') || textIn(facts, 'grant')).replace(
      /^urn:ietf:params:oauth:grant-type:/,
      '',
    ),
    grant['bound'] === true ? 'bound' : '',
    scopes.length === 0 ? '' : `scopes ${scopes.join(' ')}`,
  ].filter((trait) => trait !== '');
  return traits.length === 0 ? '' : ` (${traits.join(', ')})`;
}

function scopesIn(grant: JsonObject): readonly string[] {
  const listed = listIn(grant, 'scopes').filter((one) => typeof one === 'string');
  const text = textIn(grant, 'scope');
  return listed.length === 0 && text !== '' ? text.split(' ') : listed;
}
