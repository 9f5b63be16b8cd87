import type { JsonObject, Principal } from '../../kernel/index.ts';

/**
 * Something that ended for good. `credential` is a static key or a token, by its id; `proof` is a
 * public key or an identity elsewhere: with it ends what its agent (`id`) has under way.
 */
export type Ending =
  | { readonly what: 'agent'; readonly id: string; readonly name: string }
  | { readonly what: 'owner'; readonly name: string }
  | { readonly what: 'credential'; readonly id: string }
  | { readonly what: 'proof'; readonly id: string };

/** The kind of notice that tells of an ending. */
export const endingNotice = 'ended';

export function noticeOf(ending: Ending): JsonObject {
  return { ...ending };
}

/** Null for a notice that this version does not understand: then anything may have ended. */
export function readEnding({ what, id, name }: JsonObject): Ending | null {
  if (what === 'agent' && typeof id === 'string' && typeof name === 'string') {
    return { what, id, name };
  }
  if (what === 'owner' && typeof name === 'string') return { what, name };
  if ((what === 'credential' || what === 'proof') && typeof id === 'string') return { what, id };
  return null;
}

/** What a principal or an ending is about. An ending concerns the principals it shares a tag with. */
export type Tag = `${'agent' | 'name' | 'owner' | 'credential'}:${string}`;

export function tagsOfEnding(ending: Ending): readonly Tag[] {
  switch (ending.what) {
    case 'agent':
      return [`agent:${ending.id}`, `name:${ending.name}`];
    case 'owner':
      return [`owner:${ending.name}`];
    case 'credential':
      return [`credential:${ending.id}`];
    case 'proof':
      return [`agent:${ending.id}`];
  }
}

const known = new WeakMap<Principal, readonly Tag[]>();

/** Everything that a principal rests on: when one of these ends, it ends. */
export function tagsOf(principal: Principal): readonly Tag[] {
  const found = known.get(principal);
  if (found !== undefined) return found;
  const { id, owner, credential, actors } = principal;
  const tags: Tag[] = [`agent:${id}`, `owner:${owner}`, `credential:${credential.id}`];
  for (const parent of credential.parents ?? []) tags.push(`credential:${parent}`);
  for (const { kind, id: of } of actors) tags.push(kind === 'agent' ? `name:${of}` : `owner:${of}`);
  known.set(principal, tags);
  return tags;
}

/** Why, for the caller. */
export function reasonOf(ending: Ending): string {
  switch (ending.what) {
    case 'agent':
      return `agent \`${ending.name}\` is disabled; ask whoever is answerable for it`;
    case 'owner':
      return 'the person answerable for it, or for whom it acts, is disabled';
    case 'credential':
      return 'its credential, or one that it was made from, is revoked; get a fresh one';
    case 'proof':
      return 'a key or an identity of the agent is revoked; prove again who you are';
  }
}
