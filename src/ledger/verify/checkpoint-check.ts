import { type Head, openCheckpoint, parseCheckpoint } from '../note/checkpoint.ts';
import { type Verifier, verifierOf } from '../note/key.ts';
import type { Steps } from './verification.ts';

/** The verifier of a pinned key, or else of the one that came along; says which it is. */
export function checkKey(steps: Steps, pinned: string | undefined, own: string | null): Verifier {
  const vkey = pinned ?? own;
  if (vkey === null)
    return steps.wrong('key', 'there is no key to verify with; pass the key of the log');
  let key: Verifier;
  try {
    key = verifierOf(vkey);
  } catch (error) {
    return steps.wrong('key', (error as Error).message);
  }
  if (pinned !== undefined) {
    steps.pass('key', `the key you named, \`${key.name}\``);
  } else {
    const detail = `the key \`${key.vkey}\` came along with what it verifies: compare it with one that you had before, or name yours`;
    steps.pass('key', detail);
  }
  return key;
}

/** The head that a checkpoint signed by the key says. */
export function checkCheckpoint(
  steps: Steps,
  text: string,
  key: Verifier,
  name: 'checkpoint' | 'older checkpoint' = 'checkpoint',
): Head {
  const said = parseCheckpoint(text);
  if (said === null) return steps.wrong(name, `the ${name} is not one (C2SP tlog-checkpoint)`);
  const head = openCheckpoint(text, key);
  if (head === null) {
    return steps.wrong(name, `the ${name} is not signed by the key \`${key.name}\``);
  }
  if (head.origin !== key.name) {
    return steps.wrong(
      name,
      `the ${name} is of the log \`${head.origin}\`, the key of \`${key.name}\``,
    );
  }
  steps.pass(name, `\`${head.origin}\` signed for ${head.size} entries`);
  return head;
}
