import { type Clock, GatehouseError, type Principal } from '../../kernel/index.ts';
import type { Notices } from '../../store/index.ts';
import type { Recheck, Standing } from './ended.ts';
import { type Ending, reasonOf, type Tag, tagsOf, tagsOfEnding } from './ending.ts';

/**
 * The calls under way, each with the principal it rests on.
 *
 * A credential whose time ends cuts nothing: it was good when the call began, and a stream may run
 * for longer than a token lives. Only what is stopped or revoked ends a call.
 */
export interface Live {
  /**
   * Notes a call under way; `end` is called at most once, when something that the principal rests on
   * ends. Returns how to leave. Both take the same time however many calls there are.
   *
   * Call it in the turn in which `identify` answered: what ends later is then told to the call.
   */
  enter(principal: Principal, end: (why: GatehouseError) => void): () => void;
  /** Calls under way. */
  count(): number;
  close(): void;
}

/** For this room: who hears of endings tells the calls. */
export interface LiveCalls extends Live {
  cut(ending: Ending): void;
  /** Something may have ended unheard: the database is asked about every call. */
  recheck(): void;
}

export interface LiveOptions {
  /** Whether endings arrive by themselves. Where they do not, the database is asked again and again. */
  readonly notices: Pick<Notices, 'connected'>;
  readonly recheck: Recheck;
  readonly clock: Clock;
}

interface Call {
  readonly principal: Principal;
  readonly entered: number;
  readonly end: (why: GatehouseError) => void;
}

const tickMs = 400;
const askMs = 2_000;
/** How long a call may go on when neither notices nor answers come: then it cannot be stopped. */
const blindMs = 5_000;
/** An answer about a principal may be a second old when its call begins; clocks differ by another. */
const slackMs = 2_000;

export function openLive(options: LiveOptions): LiveCalls {
  return new LiveRegister(options);
}

class LiveRegister implements LiveCalls {
  readonly #options: LiveOptions;
  readonly #calls = new Set<Call>();
  readonly #byTag = new Map<Tag, Set<Call>>();
  #due = false;
  #asking = false;
  /** Since when nobody can say whether the calls still stand; null while notices say so. */
  #blind: number | null = null;
  #cancel: (() => void) | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  enter(principal: Principal, end: (why: GatehouseError) => void): () => void {
    const call = { principal, entered: this.#options.clock.now(), end };
    this.#calls.add(call);
    for (const tag of tagsOf(principal)) {
      const tagged = this.#byTag.get(tag);
      if (tagged === undefined) this.#byTag.set(tag, new Set([call]));
      else tagged.add(call);
    }
    if (this.#cancel === null) this.#tickLater();
    return () => this.#leave(call);
  }

  count(): number {
    return this.#calls.size;
  }

  cut(ending: Ending): void {
    const ended = tagsOfEnding(ending).flatMap((tag) => [...(this.#byTag.get(tag) ?? [])]);
    this.#end(ended, reasonOf(ending));
  }

  recheck(): void {
    this.#due = true;
    if (!this.#asking) void this.#ask();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = () => {};
  }

  #leave(call: Call): void {
    if (!this.#calls.delete(call)) return;
    for (const tag of tagsOf(call.principal)) {
      const tagged = this.#byTag.get(tag);
      if (tagged?.delete(call) && tagged.size === 0) this.#byTag.delete(tag);
    }
  }

  #end(calls: Iterable<Call>, reason: string): void {
    const why = new GatehouseError('revoked', `this call was stopped: ${reason}`);
    for (const call of calls) this.#cut(call, why);
  }

  #cut(call: Call, why: GatehouseError): void {
    if (!this.#calls.has(call)) return;
    this.#leave(call);
    call.end(why);
  }

  #tickLater(): void {
    this.#cancel = this.#options.clock.after(tickMs, () => {
      this.#cancel = null;
      if (this.#calls.size === 0) return;
      this.#tick();
      this.#tickLater();
    });
  }

  #tick(): void {
    const { clock, notices } = this.#options;
    const now = clock.now();
    if (notices.connected && !this.#due) {
      this.#blind = null;
      return;
    }
    this.#blind ??= now;
    if (now - this.#blind > blindMs) {
      const message = 'this call was stopped: the database is away, so nobody could revoke it';
      const why = new GatehouseError('store_unavailable', message);
      for (const call of [...this.#calls]) this.#cut(call, why);
    }
    if (!this.#asking) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    this.#due = false;
    const begun = this.#options.clock.now();
    const asked = [...this.#calls];
    try {
      const ended = await this.#answered(this.#options.recheck(standingOf(asked)));
      // It is about those who were asked for, and them alone.
      for (const call of asked) {
        const reason = ended.get(call.principal);
        if (reason !== undefined) this.#end([call], reason);
      }
      this.#blind = this.#blind === null ? null : begun;
    } catch {
      this.#due = true;
    }
    this.#asking = false;
  }

  // A connection whose other end is gone answers never.
  async #answered<T>(answer: Promise<T>): Promise<T> {
    let cancel = () => {};
    const late = new Promise<never>((_, fail) => {
      cancel = this.#options.clock.after(askMs, () => fail(new Error('no answer')));
    });
    return Promise.race([answer, late]).finally(cancel);
  }
}

/** Each principal once, as of its first call. */
function standingOf(calls: readonly Call[]): readonly Standing[] {
  const since = new Map<Principal, number>();
  for (const { principal, entered } of calls) {
    since.set(principal, Math.min(entered - slackMs, since.get(principal) ?? entered));
  }
  return [...since].map(([principal, at]) => ({ principal, since: at }));
}
