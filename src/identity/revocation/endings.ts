import type { Clock, Principal } from '../../kernel/index.ts';
import { type Ending, type Tag, tagsOf, tagsOfEnding } from './ending.ts';

const keepMs = 2_000;
const most = 10_000;

/**
 * What has ended lately, in the order in which it was heard. Whoever asks the database notes
 * `sequence` before; what was then found out about a principal holds while it is not `touched`.
 *
 * INVARIANT: what is forgotten here raises the floor, so an answer from before it is touched,
 * whatever it is about. Forgetting makes others ask again and never lets anything live on.
 */
export class Endings {
  readonly #clock: Clock;
  #sequence = 0;
  #floor = 0;
  #young = new Map<Tag, number>();
  #old = new Map<Tag, number>();
  /** The last that `#old` holds. */
  #oldest = 0;
  #turned = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get sequence(): number {
    return this.#sequence;
  }

  heard(ending: Ending): void {
    const now = this.#clock.now();
    if (this.#young.size >= most || Math.abs(now - this.#turned) > keepMs) this.#turn(now);
    this.#sequence += 1;
    for (const tag of tagsOfEnding(ending)) this.#young.set(tag, this.#sequence);
  }

  /** Something may have ended unheard. */
  gap(): void {
    this.#sequence += 1;
    this.#floor = this.#sequence;
    this.#young.clear();
    this.#old.clear();
  }

  /** True if anything that the principal rests on may have ended since `sequence` was `seen`. */
  touched(principal: Principal, seen: number): boolean {
    if (seen === this.#sequence) return false;
    if (seen < this.#floor) return true;
    return tagsOf(principal).some(
      (tag) => (this.#young.get(tag) ?? this.#old.get(tag) ?? 0) > seen,
    );
  }

  #turn(now: number): void {
    this.#floor = Math.max(this.#floor, this.#oldest);
    this.#old = this.#young;
    this.#oldest = this.#sequence;
    this.#young = new Map();
    this.#turned = now;
  }
}
