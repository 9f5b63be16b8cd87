export { floatingReason } from './exact-version.ts';
export { type ModelPin, openPins, type PinnedModel, type Pins } from './pins.ts';
