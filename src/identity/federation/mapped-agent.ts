import type { Kysely } from 'kysely';
import type { Tables } from '../../store/index.ts';
import { claimsMatch } from './claim-rule.ts';
import type { Outside } from './outside.ts';
import { refused, shown } from './refusal.ts';

/**
 * The registered name of the one agent that an outside identity stands for: that of every unrevoked
 * row with its issuer whose subject (unless null) and claims it has.
 *
 * INVARIANT: an identity that nobody registered stands for nobody, and one that could stand for two
 * stands for neither.
 *
 * @throws GatehouseError `unauthenticated` with what to register.
 */
export async function mappedAgent(
  db: Kysely<Tables>,
  { kind, issuer, subject, claims }: Outside,
): Promise<string> {
  const rows = await db
    .selectFrom('agent_identity as i')
    .innerJoin('agent as a', 'a.id', 'i.agent')
    .select(['a.name', 'i.subject', 'i.claims'])
    .where('i.kind', '=', kind)
    .where('i.issuer', '=', issuer)
    .where('i.revoked', 'is', null)
    .where((eb) => eb.or([eb('i.subject', 'is', null), eb('i.subject', '=', subject)]))
    .execute();
  const names = new Set<string>();
  for (const row of rows) {
    const rules = row.claims as Readonly<Record<string, string>>;
    // A row that says nothing would stand for everyone of its issuer.
    const empty = row.subject === null && Object.keys(rules).length === 0;
    if (!empty && claimsMatch(rules, claims)) names.add(row.name);
  }
  const [name, ...more] = names;
  const who = `\`${shown(subject)}\` of issuer \`${shown(issuer)}\``;
  if (name === undefined) {
    throw refused(`${who} stands for no agent; register it with gatehouse agent identity add`);
  }
  if (more.length === 0) return name;
  const agents = [...names].sort().map((one) => `\`${one}\``);
  throw refused(`${who} is ambiguous: it fits ${agents.join(' and ')}; revoke all but one`);
}
