import { rooms } from './floors.ts';
import type { SourceFile } from './source-file.ts';
import type { Violation } from './violation.ts';

// Put together, so that this file does not hold what it looks for.
const disabling = new RegExp(
  ['biome', 'eslint', '@ts', 'dependency-cruiser', 'prettier', 'oxlint']
    .map((tool) => `${tool}-(ignore|disable|expect-error|nocheck)`)
    .join('|'),
);
const vague = /(^|[/-])(utils?|helpers?|managers?|services?)(?=[./-])/;

/** The files that are in no room, have a name that says nothing, or switch a rule off. */
export function brokenFiles(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) => [...placeless(file), ...nameless(file), ...disabled(file)]);
}

function placeless({ path }: SourceFile): Violation[] {
  const [top, room, rest] = path.split('/');
  if (top !== 'src' || path === 'src/main.ts' || path.startsWith('src/main/')) return [];
  if (rest !== undefined && room !== undefined && rooms.includes(room)) return [];
  const message = `every file has a room; under src are main.ts and ${rooms.join(', ')}`;
  return [{ file: path, rule: 'file-has-room', message }];
}

function nameless({ path }: SourceFile): Violation[] {
  const word = vague.exec(path)?.[2];
  if (word === undefined) return [];
  const message = `\`${word}\` says nothing; a file is the noun that it exports`;
  return [{ file: path, rule: 'file-has-name', message }];
}

function disabled({ path, text }: SourceFile): Violation[] {
  const found = disabling.exec(text);
  if (found === null) return [];
  const line = text.slice(0, found.index).split('\n').length;
  const message = `\`${found[0]}\` switches a rule off; mend the code, or change the rule for all`;
  return [{ file: `${path}:${line}`, rule: 'no-disable-comment', message }];
}
