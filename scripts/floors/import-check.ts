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
  const options = { ...cruiseOptions(), baseDir: root };
  const { output } = await cruise(folders, options);
  const { summary } = output as ICruiseResult;
  const comments = new Map(importRules().map(({ name, comment }) => [name, comment]));
  return summary.violations.map(({ from, to, rule, cycle }) => {
    const way = cycle?.map((step) => (typeof step === 'string' ? step : step.name)) ?? [to];
    const message = `imports ${way.join(' -> ')}: ${comments.get(rule.name) ?? ''}`;
    return { file: from, rule: rule.name, message };
  });
}
