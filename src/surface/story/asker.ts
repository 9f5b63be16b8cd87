import { asObject, type DecisionEntry, listIn, textIn } from './decision-entry.ts';

/**
 * Who asked and for whom: the principal, then its whole chain, the nearest first (RFC 8693,
 * section 4.1, `act`). Who acts for no person is told with its owner.
 */
export function asker({ principal }: DecisionEntry): string {
  const name = nameOf(principal);
  const chain = chainOf(principal);
  const person = textIn(principal, 'kind') === 'person';
  const forPerson = chain.some((hop) => hop.kind === 'person');
  const owner = person || forPerson ? '' : textIn(principal, 'owner');
  const hops = chain.map(({ kind, id }, at) => {
    return at === 0 && kind === 'agent' ? `acting for ${id}` : `for ${id}`;
  });
  const clauses = [...(owner === '' ? [] : [`owned by ${owner}`]), ...hops];
  return clauses.length === 0 ? name : `${name}, ${clauses.join(', ')},`;
}

/** The name alone, for what is told of a principal beside what it asked. */
export function nameOf(principal: DecisionEntry['principal']): string {
  return textIn(principal, 'name') || textIn(principal, 'id') || 'somebody unknown';
}

/** How it proved who it is, or nothing where the entry does not say. */
export function proof({ principal }: DecisionEntry): string {
  const credential = asObject(principal['credential']);
  const bound = credential['bound'] === true;
  switch (textIn(credential, 'kind')) {
    case 'static-key':
      return 'with a static key';
    case 'at+jwt':
      return bound ? 'with a bound token' : 'with a bearer token';
    case 'jwt-svid':
      return bound ? 'with a bound SPIFFE token' : 'with a SPIFFE token';
    case 'x509-svid':
      return 'with a SPIFFE certificate';
    case 'oidc':
      return bound ? 'with a bound workload token' : 'with a workload token';
    case 'session':
      return 'signed in';
    default:
      return '';
  }
}

function chainOf(principal: DecisionEntry['principal']) {
  const hops = listIn(principal, 'actors').map(asObject);
  return hops
    .map((hop) => ({ kind: textIn(hop, 'kind'), id: textIn(hop, 'id') }))
    .filter(({ id }) => id !== '');
}
