export { eventText, type SseEvent } from './event.ts';
export { Holdback, type HoldbackOptions } from './holdback.ts';
export { Padding, type Random } from './padding.ts';
export { SseParser } from './parser.ts';
