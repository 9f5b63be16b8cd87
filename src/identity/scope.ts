import type { Control, Opinion, Subject } from '../kernel/index.ts';

/**
 * True if one of the scopes that are held covers the wanted one: the same, or its verb alone, such as
 * `call_model` for `call_model:general`.
 */
export function covers(held: readonly string[], wanted: string): boolean {
  if (held.includes(wanted)) return true;
  const colon = wanted.indexOf(':');
  return colon > 0 && held.includes(wanted.slice(0, colon));
}

const allowed: Opinion = Object.freeze({ level: 'allow' });

/**
 * `identity.scope`: denies what the credential is not good for. A credential with scopes calls a
 * model only with `call_model`, `call_model:ID` or `call_model:GROUP`, and a tool only with
 * `call_tool` or `call_tool:NAME`. One without scopes is good for all that its agent may.
 */
export function scopeControl(): Control {
  return {
    id: 'identity.scope',
    stages: ['enter', 'model', 'action'],
    serves: ['A1', 'T6'],
    judge({ stage, principal, resource, context }: Subject): Opinion {
      const { scopes } = principal.credential;
      if (scopes === undefined || stage === 'enter') return allowed;
      const verb = stage === 'model' ? 'call_model' : 'call_tool';
      const names = stage === 'model' ? [resource.id, ...groupsOf(context)] : [resource.id];
      if (names.some((name) => covers(scopes, `${verb}:${name}`))) return allowed;
      const wanted = `\`${verb}:${shown(resource.id)}\``;
      const reason = `the credential is not good for this; ask for one with the scope ${wanted}`;
      return { level: 'deny', code: 'scope_missing', reason };
    },
  };
}

function groupsOf({ groups }: Subject['context']): readonly string[] {
  if (!Array.isArray(groups)) return [];
  return groups.filter((group): group is string => typeof group === 'string');
}

function shown(id: string): string {
  return id.slice(0, 200).replaceAll(/[^\x21-\x5f\x61-\x7e]/g, '?');
}
