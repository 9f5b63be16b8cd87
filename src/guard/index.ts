export { secretsControl } from './secrets.ts';
export { type SizeLimits, sizeControl } from './size.ts';
