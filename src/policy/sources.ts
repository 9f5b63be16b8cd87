import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonical, GatehouseError } from '../kernel/index.ts';

/**
 * Policy texts by file name, the schema that all of them are checked against, and the tests that
 * must pass before they count.
 */
export interface PolicySources {
  readonly schema: string;
  readonly policies: Readonly<Record<string, string>>;
  readonly tests?: Readonly<Record<string, string>>;
}

/** The schema's file name, in the folder and in what is said about it. */
export const schemaFile = 'schema.cedarschema';

/**
 * Reads `schema.cedarschema`, every `*.cedar` and every `*.test.yaml` of a folder; folders in it are
 * not looked into.
 *
 * @throws GatehouseError `bad_config` when the folder or the schema cannot be read.
 */
export function readSources(folder: string): PolicySources {
  try {
    const policies: Record<string, string> = {};
    const tests: Record<string, string> = {};
    for (const name of readdirSync(folder).sort()) {
      if (name.endsWith('.cedar')) policies[name] = readFileSync(join(folder, name), 'utf8');
      if (name.endsWith('.test.yaml')) tests[name] = readFileSync(join(folder, name), 'utf8');
    }
    return { schema: readFileSync(join(folder, schemaFile), 'utf8'), policies, tests };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new GatehouseError(
      'bad_config',
      `policies in \`${folder}\` cannot be read (${code}); policy.folder must hold *.cedar files ` +
        `and ${schemaFile}`,
      { cause },
    );
  }
}

/**
 * SHA-256, lower-case hexadecimal, over the canonical JSON (RFC 8785) of schema and policies: what
 * decides. Tests do not.
 */
export function sourcesHash({ schema, policies }: PolicySources): string {
  const text = canonical({ v: 1, schema: schema.toWellFormed(), policies: wellFormed(policies) });
  return createHash('sha256').update(text).digest('hex');
}

function wellFormed(policies: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(policies);
  return Object.fromEntries(entries.map(([name, text]) => [name, text.toWellFormed()]));
}
