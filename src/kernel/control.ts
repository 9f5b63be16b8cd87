import type { JsonObject } from './json.ts';
import type { Mask } from './mask.ts';
import type { Stage, Subject } from './subject.ts';
import type { Level } from './verdict.ts';

/**
 * What a control says of one subject. `code` is stable, lower case, for machines; `reason` is for
 * people and never quotes the content. `settled` counts for windows of a stream: for each path, the
 * offset in the part's text before which nothing that follows can change this opinion, or `all`
 * where nothing can. Absent: nothing is settled before the end.
 */
export interface Opinion {
  readonly level: Level;
  readonly code?: string;
  readonly reason?: string;
  readonly masks?: readonly Mask[];
  /** Members of the content that may not pass, as RFC 6901 pointers; never of a stream's window. */
  readonly drops?: readonly string[];
  readonly evidence?: JsonObject;
  readonly settled?: Readonly<Record<string, number>> | 'all';
}

/**
 * A control turns a subject into an opinion. It reads and never writes. `id` is also its path in
 * the configuration (`guard.secrets`); `serves` lists requirement ids. A control that can judge a
 * stream piece by piece sets `windowed` and reports `settled`; any other sees the whole answer.
 * `stop` makes a signal that aborts when the control's time is over, for one that waits.
 */
export interface Control {
  readonly id: string;
  readonly stages: readonly Stage[];
  readonly serves: readonly string[];
  readonly windowed?: boolean;
  judge(subject: Subject, stop: () => AbortSignal): Opinion | Promise<Opinion>;
}

/** How a control is bound: whether it counts, how long it may take, and what its failure means. */
export interface Binding {
  readonly control: Control;
  readonly mode: 'enforce' | 'observe';
  readonly timeoutMs: number;
  readonly onFailure: 'deny' | 'hold';
}

/** A control's opinion with its name and place: what is joined and recorded. */
export interface Finding {
  readonly control: string;
  readonly stage: Stage;
  readonly mode: 'enforce' | 'observe';
  readonly level: Level;
  readonly code: string;
  readonly reason: string;
  readonly masks: readonly Mask[];
  readonly drops?: readonly string[];
  readonly evidence?: JsonObject;
}
