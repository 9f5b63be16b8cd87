import { brokenFiles } from './file-check.ts';
import { brokenImports } from './import-check.ts';
import { sourceFiles } from './source-file.ts';
import { brokenSyntax } from './syntax-check.ts';
import type { Violation } from './violation.ts';

/** Every structural rule over the tree at `root`. None broken: an empty list. */
export async function brokenFloors(root: string): Promise<readonly Violation[]> {
  const files = sourceFiles(root);
  return [...brokenFiles(files), ...brokenSyntax(files), ...(await brokenImports(root))];
}

/** The violations for a reader, one a line. */
export function told(violations: readonly Violation[]): string {
  return violations.map(({ file, rule, message }) => `${file}  ${rule}\n    ${message}\n`).join('');
}
