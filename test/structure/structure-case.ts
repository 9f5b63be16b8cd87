import type { Files } from './tree.ts';

/** A rule, a tree that breaks it, and the same intent as the house wants it. */
export interface Case {
  readonly rule: string;
  readonly what: string;
  readonly broken: Files;
  readonly clean: Files;
}

/** A module that others can import. */
export const value = 'export const value = 1;\nexport interface Value { readonly value: number }\n';
/** A module that imports another. */
export const imports = (from: string) =>
  `import { value } from '${from}';\nexport const again = value;\n`;
/** A module that imports a type of another. */
export const importsType = (from: string) =>
  `import type { Value } from '${from}';\nexport type Again = Value;\n`;
