export { type CliParts, cli } from './cli.ts';
export type { Product } from './product.ts';
export type { Terminal } from './terminal.ts';
