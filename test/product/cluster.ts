import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestDatabase } from '../database.ts';
import { Product, type Running } from './product.ts';

/** Several products on one PostgreSQL, with the same keys: what an operator runs behind a balancer. */
export interface Cluster {
  readonly running: readonly Running[];
  readonly products: readonly Product[];
  close(): Promise<void>;
}

/** Starts `size` products on a database, which it drops in the end. Whoever calls any of them by the token of the first is let in. */
export async function openCluster(
  size: number,
  database: TestDatabase,
  config: object,
  env: Record<string, string> = {},
): Promise<Cluster> {
  const products: Product[] = [];
  const running: Running[] = [];
  try {
    for (let i = 0; i < size; i++) {
      const product = new Product({ ...config, store: { url: database.url, poolSize: 4 } });
      products.push(product);
      const [first] = products;
      if (i > 0) {
        mkdirSync(product.data, { recursive: true });
        cpSync(join(first?.data ?? '', 'keys'), join(product.data, 'keys'), { recursive: true });
      }
      const here = await product.start(env);
      running.push({ ...here, token: here.token ?? running[0]?.token ?? '' });
    }
  } catch (error) {
    await close();
    throw error;
  }
  async function close(): Promise<void> {
    await Promise.all(products.map((product) => product.remove()));
    await database.drop();
  }
  return { running, products, close };
}
