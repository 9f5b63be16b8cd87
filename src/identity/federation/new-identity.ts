import { GatehouseError } from '../../kernel/index.ts';
import type { AgentIdentity } from '../agent.ts';
import { isPlainText, longestName } from './plain-text.ts';
import { shown } from './refusal.ts';
import { parseSpiffeId } from './spiffe-id.ts';

/**
 * What an outside identity is registered with. `issuer` may be left out for SPIFFE: the trust
 * domain of `subject`. `claims` are for OIDC, and are matched exactly; a name that begins with `/`
 * is a JSON pointer (RFC 6901).
 */
export interface NewIdentity {
  readonly kind: 'spiffe' | 'oidc';
  readonly issuer?: string;
  readonly subject?: string | null;
  readonly claims?: Readonly<Record<string, string>>;
}

const mostClaims = 20;
/** What a token of any workload says: such a claim tells nobody apart. */
const tellingNothing = ['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'];

/**
 * An identity as it can be registered: a SPIFFE ID in full, or the subject of an issuer, its claims,
 * or both.
 *
 * INVARIANT: what says nothing on who it is is never registered: it would stand for all of its issuer.
 *
 * @throws GatehouseError `bad_request`
 */
export function checkedIdentity(
  from: NewIdentity,
): Pick<AgentIdentity, 'kind' | 'issuer' | 'subject' | 'claims'> {
  const { kind, issuer, subject = null, claims = {} } = from;
  if (kind === 'spiffe') return checkedSpiffe(issuer, subject, claims);
  if (!isPlainText(issuer)) {
    throw bad(`issuer \`${shown(issuer)}\` is not allowed; give the \`iss\` of its tokens`);
  }
  if (subject !== null && !isPlainText(subject)) {
    throw bad(`subject \`${shown(subject)}\` is not allowed; give the \`sub\` of its tokens`);
  }
  const rules = Object.entries(claims);
  if (subject === null && rules.length === 0) {
    throw bad(
      'an identity needs a subject or claims; without, every token of its issuer would fit',
    );
  }
  if (rules.length > mostClaims) throw bad(`an identity has at most ${mostClaims} claims`);
  for (const [name, value] of rules) checkClaim(name, value);
  return { kind, issuer, subject, claims };
}

function checkedSpiffe(issuer: string | undefined, subject: string | null, claims: object) {
  let trustDomain: string;
  try {
    ({ trustDomain } = parseSpiffeId(subject));
  } catch (cause) {
    const message = `\`${shown(subject)}\` is no SPIFFE ID of a workload; give it in full: spiffe://DOMAIN/PATH`;
    throw new GatehouseError('bad_request', message, { cause });
  }
  if (issuer !== undefined && issuer !== trustDomain) {
    throw bad(
      `\`${shown(subject)}\` is not of trust domain \`${shown(issuer)}\`; leave the issuer out`,
    );
  }
  // A certificate has none, so such a row would count for one kind of SVID only.
  if (Object.keys(claims).length > 0) throw bad('a SPIFFE identity has no claims; leave them out');
  return { kind: 'spiffe' as const, issuer: trustDomain, subject, claims: {} };
}

function checkClaim(name: string, value: unknown): void {
  if (!isPlainText(name) || !isPlainText(value)) {
    throw bad(
      `claim \`${shown(name)}\` is not allowed; its value is a text of 1 to ${longestName} characters`,
    );
  }
  if (tellingNothing.includes(name.replace(/^\//, ''))) {
    throw bad(`claim \`${name}\` does not say who it is; name one that does, such as \`sub\``);
  }
}

function bad(message: string): GatehouseError {
  return new GatehouseError('bad_request', message);
}
