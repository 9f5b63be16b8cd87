export { dollars, grouped } from './amount.ts';
export { type DecisionEntry, decisionEntry } from './decision-entry.ts';
export type { Telling } from './sentence.ts';
export { type TraceStory, traceStory } from './trace-story.ts';
