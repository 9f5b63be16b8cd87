import { preparsePolicySet, preparseSchema } from '@cedar-policy/cedar-wasm/nodejs';
import { Places } from './place.ts';
import { flaw, type PolicyCheck, type PolicySet, readSet } from './policy-set.ts';
import type { TestResult } from './policy-test.ts';
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

function cache(name: string, schema: string, { texts, errors, mentions }: PolicySet): void {
  const nowhere = new Places('*', '');
  const answers = [
    preparseSchema(name, schema),
    preparsePolicySet(name, { staticPolicies: texts }),
  ];
  for (const answer of answers) {
    if (answer.type === 'failure') errors.push(...answer.errors.map((e) => flaw(e, nowhere)));
  }
  if (errors.length > 0) return;
  for (const action of unfit(name, mentions)) {
    const message = `this version of gatehouse asks \`${action}\` in another way than the schema says`;
    const help = `take the ${schemaFile} that comes with this version`;
    errors.push({ where: `${schemaFile}:1:1`, message, help });
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
