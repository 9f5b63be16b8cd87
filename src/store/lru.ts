/** A map of bounded size that forgets what was used longest ago. */
export class Lru<V> {
  readonly #most: number;
  readonly #map = new Map<string, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    const value = this.#map.get(key);
    if (value === undefined) return undefined;
    // A map keeps the order of insertion: the first key is the one used longest ago.
    this.#map.delete(key);
    this.#map.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size <= this.#most) return;
    for (const oldest of this.#map.keys()) {
      this.#map.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#map.delete(key);
  }

  values(): Iterable<V> {
    return this.#map.values();
  }
}
