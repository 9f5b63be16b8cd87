import { preparsePolicySet, preparseSchema } from '@cedar-policy/cedar-wasm/nodejs';
import { Places } from './place.ts';
import { flaw, type PolicyCheck, type PolicySet, readSet } from './policy-set.ts';
import type { TestResult } from './policy-test.ts';
import { allActions, preparedName } from './question.ts';
import { runTests, unfit } from './run-tests.ts';
import { type PolicySources, schemaFile, sourcesHash } from './sources.ts';
import { readTests } from './test-files.ts';

/** Parses, validates and tests without putting anything in force. */
export function checkSources(sources: PolicySources): PolicyCheck {
  return checked(sources, 'check');
}

/**
 * Checks the sources and puts them into Cedar's cache under names made of their hash. Sets of the
 * same name are the same, so no set can take another's place.
 */
export function prepare(sources: PolicySources): PolicyCheck {
  return checked(sources, sourcesHash(sources));
}

function checked(sources: PolicySources, name: string): PolicyCheck {
  const set = readSet(sources);
  const { tests: asked, errors } = readTests(sources.tests ?? {});
  set.errors.push(...errors);
  if (set.errors.length === 0) cache(name, sources.schema, set);
  const tests = set.errors.length === 0 ? runTests(name, set.mentions, asked) : [];
  for (const { ok, where, name: test, message } of tests) {
    if (!ok) set.errors.push({ where, message: `test \`${test}\`: ${message}`, help: null });
  }
  return report(sources, set, tests);
}

/**
 * Puts a set into Cedar's cache under a name, for each action the policies that can speak of it:
 * Cedar copies a set for each decision, whether its policies count or not. Adds to the set's errors
 * what Cedar has against it.
 */
export function cache(name: string, schema: string, set: PolicySet): void {
  const nowhere = new Places('*', '');
  const prepared = allActions.map((action) => {
    const texts = set.ofAction[action].map((id) => [id, set.texts[id] as string] as const);
    // No prototype: an @id may be any text, `__proto__` too.
    const staticPolicies: Record<string, string> = Object.create(null);
    for (const [id, text] of texts) staticPolicies[id] = text;
    return preparsePolicySet(preparedName(name, action), { staticPolicies });
  });
  for (const answer of [preparseSchema(name, schema), ...prepared]) {
    if (answer.type === 'failure') set.errors.push(...answer.errors.map((e) => flaw(e, nowhere)));
  }
  if (set.errors.length > 0) return;
  for (const action of unfit(name, schema)) {
    const message = `this version of gatehouse asks \`${action}\` in another way than the schema says`;
    const help = `take the ${schemaFile} that comes with this version`;
    set.errors.push({ where: `${schemaFile}:1:1`, message, help });
  }
}

function report(
  sources: PolicySources,
  { policies, errors, warnings, mentions }: PolicySet,
  tests: readonly TestResult[],
): PolicyCheck {
  const ok = errors.length === 0;
  return { ok, hash: sourcesHash(sources), policies, errors, warnings, tests, mentions };
}
