import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { cruiseOptions, importRules } from './import-rules.ts';
import type { Violation } from './violation.ts';

/** The imports under `root` that break a rule. */
export async function brokenImports(root: string): Promise<readonly Violation[]> {
  const folders = ['src', 'console', 'test', 'bench'].filter((name) =>
    existsSync(join(root, name)),
  );
  const comments = new Map(importRules().map(({ name, comment }) => [name, comment]));
  try {
    const { output } = await cruise(folders, { ...cruiseOptions(), baseDir: root });
    return (output as ICruiseResult).summary.violations.map(({ from, to, rule, cycle }) => {
      const way = cycle?.map((step) => (typeof step === 'string' ? step : step.name)) ?? [to];
      const message = `imports ${way.join(' -> ')}: ${comments.get(rule.name) ?? ''}`;
      return { file: from, rule: rule.name, message };
    });
  } catch (error) {
    return [unread(error)];
  }
}

// The parser knows all that TypeScript can strip but `using`, and says so by throwing.
function unread(error: unknown): Violation {
  const text = error instanceof Error ? error.message : String(error);
  const [, reason = text, file = ''] = /\.\.\.\s+(.*?)\s*\.\.\. in (\S+)/s.exec(text) ?? [];
  const message = `dependency-cruiser cannot read this file: ${reason}; write it without`;
  return { file, rule: 'readable', message };
}
