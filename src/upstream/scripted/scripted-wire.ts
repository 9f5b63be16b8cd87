import type { Dispatcher } from 'undici';
import type { Clock } from '../../kernel/index.ts';
import type { Wire } from '../line.ts';
import type { ScriptedReply } from './rendered.ts';
import type { ScriptedHandler } from './scripted-handler.ts';

/**
 * The scripted upstream in the place of undici's pool: the same handler hears the same calls, so
 * retries, breakers, deadlines and hang-ups work on it as on a network, with no socket opened.
 */
export function scriptedWire(handle: ScriptedHandler, clock: Clock): Wire {
  const playing = new Set<Playback>();
  return {
    dispatch(options, handler) {
      const path = options.path.split('?', 1)[0] as string;
      const body = options.body as string | Buffer;
      const done = (one: Playback): void => void playing.delete(one);
      const playback = new Playback(handler, clock, () => handle(path, body), done);
      playing.add(playback);
      queueMicrotask(() => playback.start());
      return true;
    },
    async destroy() {
      for (const one of playing) one.abort(new Error('closed'));
    },
  };
}

class Playback implements Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #clock: Clock;
  readonly #handle: () => ScriptedReply;
  readonly #done: (one: Playback) => void;
  #reply: ScriptedReply | null = null;
  #next = 0;
  #waited = false;
  #stop: (() => void) | null = null;
  #over = false;
  #running = false;
  paused = false;
  aborted = false;
  reason: Error | null = null;

  constructor(
    handler: Dispatcher.DispatchHandler,
    clock: Clock,
    handle: () => ScriptedReply,
    done: (one: Playback) => void,
  ) {
    this.#handler = handler;
    this.#clock = clock;
    this.#handle = handle;
    this.#done = done;
  }

  start(): void {
    if (this.#over) return;
    this.#handler.onRequestStart?.(this, {});
    if (this.#over) return;
    let reply: ScriptedReply;
    try {
      reply = this.#handle();
    } catch {
      this.abort(new Error('the script failed'));
      return;
    }
    this.#reply = reply;
    const { status, headers } = reply;
    this.#handler.onResponseStart?.(this, status, { ...headers });
    this.#run();
  }

  abort(reason: Error): void {
    if (this.#over) return;
    this.aborted = true;
    this.reason = reason;
    this.#end();
    this.#handler.onResponseError?.(this, reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (!this.#running && this.#stop === null) this.#run();
  }

  #run(): void {
    const { chunks } = this.#reply as ScriptedReply;
    this.#running = true;
    while (!this.#over && !this.paused) {
      const chunk = chunks[this.#next];
      if (chunk === undefined) {
        this.#end();
        this.#handler.onResponseEnd?.(this, {});
      } else if (chunk.afterMs > 0 && !this.#waited) {
        this.#wait(chunk.afterMs);
        break;
      } else {
        this.#next++;
        this.#waited = false;
        this.#handler.onResponseData?.(this, Buffer.from(chunk.data));
      }
    }
    this.#running = false;
  }

  #wait(ms: number): void {
    this.#stop = this.#clock.after(ms, () => {
      this.#stop = null;
      this.#waited = true;
      this.#run();
    });
  }

  #end(): void {
    this.#over = true;
    this.#stop?.();
    this.#stop = null;
    this.#done(this);
  }
}
