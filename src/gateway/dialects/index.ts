export type { Dialect, DialectId, RequestFacts, Usage, WireError } from './dialect.ts';
export { dialectAt, dialects, familyOf } from './dialects.ts';
export type { Family, ListedModel } from './family.ts';
export type { EventMarks, MutableObject, StreamDialect } from './stream-dialect.ts';
