import { GatehouseError } from '../../kernel/index.ts';
import {
  type Counted,
  type EventMarks,
  type MutableObject,
  recounted,
  type Usage,
  uncounted,
  usageOf,
} from '../dialects/index.ts';
import { Channel } from './channel.ts';
import { HeldEvent } from './held-event.ts';

const mostChannels = 1024;
const longestPath = 2048;

/** What a dialect found in a stream so far: its channels, its end and its counts. */
export class Reading implements EventMarks {
  readonly hideUsage: boolean;
  readonly channels = new Map<string, Channel>();
  ended: 'open' | 'complete' | 'failed' = 'open';
  skipped = false;
  #event = new HeldEvent({});
  #counted = uncounted;

  constructor(hideUsage: boolean) {
    this.hideUsage = hideUsage;
  }

  /** The event that marks are about from now on. */
  begin(event: HeldEvent): void {
    this.#event = event;
    this.skipped = false;
  }

  text(holder: MutableObject, key: string, path: string): void {
    // Before the path is looked up, which takes time and memory in its length.
    if (path.length > longestPath) {
      throw new GatehouseError('upstream_failed', 'the upstream sent a name that is too long');
    }
    let channel = this.channels.get(path);
    if (channel === undefined) {
      if (this.channels.size >= mostChannels) {
        throw new GatehouseError('upstream_failed', 'the upstream answers in too many pieces');
      }
      channel = new Channel(path);
      this.channels.set(path, channel);
    }
    this.#event.take(holder, key, channel);
  }

  close(prefix: string): void {
    for (const channel of this.channels.values()) {
      if (channel.path.startsWith(prefix)) channel.closed = true;
    }
  }

  end(how: 'complete' | 'failed'): void {
    this.ended = how;
  }

  count(counted: Counted): void {
    this.#counted = recounted(this.#counted, counted);
  }

  skip(): void {
    this.skipped = true;
  }

  get usage(): Usage | null {
    return usageOf(this.#counted);
  }
}
