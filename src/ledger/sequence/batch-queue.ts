import { GatehouseError } from '../../kernel/index.ts';
import type { Pending } from './pending.ts';

/** How much may wait. */
export interface QueueLimits {
  readonly drafts: number;
  readonly bytes: number;
}

/** Drafts in the order of their calls, at most so many. */
export class BatchQueue {
  readonly #limits: QueueLimits;
  #waiting: Pending[] = [];
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** @throws GatehouseError `busy` when there is no room. */
  checkRoom(): void {
    const { drafts, bytes } = this.#limits;
    if (this.#waiting.length < drafts && this.#bytes < bytes) return;
    const message = `\`${this.#waiting.length}\` decisions wait to be written and no more are taken; try again, and look at the database`;
    throw new GatehouseError('busy', message);
  }

  push(pending: Pending): void {
    this.#waiting.push(pending);
    this.#bytes += pending.bytes;
  }

  /** Takes the oldest out: at most `drafts`, and no more than about `bytes` unless one alone is larger. */
  take(drafts: number, bytes: number): Pending[] {
    let count = 0;
    let sum = 0;
    while (count < this.#waiting.length && count < drafts) {
      sum += (this.#waiting[count] as Pending).bytes;
      if (count > 0 && sum > bytes) break;
      count++;
    }
    const batch = this.#waiting.splice(0, count);
    for (const pending of batch) this.#bytes -= pending.bytes;
    return batch;
  }
}
