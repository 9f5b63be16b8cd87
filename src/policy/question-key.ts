import type { Subject } from '../kernel/index.ts';
import { countOf, groupsOf, textOf, textsOf } from './facts.ts';
import type { Asking } from './question.ts';

/**
 * Everything of a subject that a policy of the set can see, as one string: two subjects of the same
 * key get the same answer from one policy set.
 *
 * INVARIANT: what `question` reads is in the key, each text with its length before it and each list
 * with its count, so that no two different questions share a key, whatever a caller writes into a
 * name. Cost, tokens, time and groups count only where some policy of the set speaks of them:
 * `question` tells them to no other set.
 *
 * @throws TypeError where the subject's context is not in shape, which is a defect of ours.
 */
export function questionKey(subject: Subject, asking: Asking): string {
  const { principal, resource, context } = subject;
  const { action, kind = '', mentions, time } = asking;
  let key = action + text(kind) + text(resource.type) + text(resource.id);
  key += callerKey(principal) + text(textOf(context, 'protocol'));
  if (mentions.has('time')) key += `@${time.hour}.${time.weekday};`;
  if (resource.type === 'model') {
    key += text(textOf(context, 'provider')) + list(groupsOf(context, mentions));
  }
  if (action === 'enter' || action === 'see_feedback') return key;
  key += list(textsOf(context, 'labels'));
  if (action === 'call_tool') return key;
  key += (context['stream'] === true ? 's' : 'n') + text(textOf(context, 'asked'));
  key += list(textsOf(context, 'features'));
  if (mentions.has('tokens')) key += `t${countOf(context['tokens'], 'context.tokens')}`;
  if (mentions.has('cost')) key += `$${countOf(context['cost'], 'context.cost')}`;
  return key;
}

function callerKey(principal: Subject['principal']): string {
  const { kind, id, name, owner, tenant, risk, credential, actors } = principal;
  let key = text(kind) + text(id) + text(name) + text(owner) + text(tenant);
  key += `r${risk ?? 0}${credential.bound === true ? 'b' : 'u'}${text(credential.kind)}`;
  key += credential.scopes === undefined ? '-' : list(credential.scopes);
  key += `${actors.length};`;
  for (const actor of actors) key += text(actor.kind) + text(actor.id);
  return key;
}

function text(value: string): string {
  return `${value.length}:${value}`;
}

function list(values: readonly string[]): string {
  let key = `${values.length};`;
  for (const value of values) key += text(value);
  return key;
}
