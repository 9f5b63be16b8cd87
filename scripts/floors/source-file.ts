import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of source code. `path` is relative to the root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Every file of source code under `root` that people write. */
export function sourceFiles(root: string): readonly SourceFile[] {
  const found = globSync(
    '{src,console,test,bench,scripts,bin}/**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}',
    {
      cwd: root,
      exclude: (name) => name === 'node_modules' || name === 'dist' || name === 'golden',
    },
  );
  return found.sort().map((found) => {
    const path = found.replaceAll('\\', '/');
    return { path, text: readFileSync(join(root, path), 'utf8') };
  });
}

/** True for a file that holds tests. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path);
}
