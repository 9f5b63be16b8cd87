import { type DecisionEntry, listIn, textIn } from './decision-entry.ts';

/** A decision of the token service: somebody was given a token, or was not. */
export function isGrant({ facts }: DecisionEntry): boolean {
  return textIn(facts, 'protocol') === 'oauth.token';
}

/** What the token is: how it was asked for, whether it is bound, and for what it is good. */
export function grantTold({ facts }: DecisionEntry): string {
  const scopes = listIn(facts, 'scopes').filter((one) => typeof one === 'string');
  const traits = [
    textIn(facts, 'grant').replace(/^urn:ietf:params:oauth:grant-type:/, ''),
    facts['bound'] === true ? 'bound' : facts['bound'] === false ? 'bearer' : '',
    scopes.length === 0 ? '' : `scopes ${scopes.join(' ')}`,
  ].filter((trait) => trait !== '');
  return traits.length === 0 ? '' : ` (${traits.join(', ')})`;
}
