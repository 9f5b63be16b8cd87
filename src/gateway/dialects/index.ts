export { type Counted, recounted, uncounted, usageOf } from './counted.ts';
export type { Dialect, DialectId, RequestFacts } from './dialect.ts';
export { dialectAt, dialects, familyOf } from './dialects.ts';
export type { Family, ListedModel } from './family.ts';
export type { EventMarks, MutableObject, StreamDialect } from './stream-dialect.ts';
export type { Usage } from './usage.ts';
export type { WireError } from './wire-error.ts';
