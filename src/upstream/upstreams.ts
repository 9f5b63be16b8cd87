import { GatehouseError } from '../kernel/index.ts';
import type { UpstreamDefinition, UpstreamOptions } from './definition.ts';
import { Line, type UpstreamHealth } from './line.ts';
import type { Answer, ModelCall } from './model-call.ts';
import { networkWire } from './network.ts';
import { readScript } from './scripted/script.ts';
import { scriptedHandler } from './scripted/scripted-handler.ts';
import { scriptedWire } from './scripted/scripted-wire.ts';
import { Sending } from './sending.ts';
import { noTarget, targetOf } from './target.ts';

/** Every upstream of the house, ready to be called. */
export interface Upstreams {
  /**
   * Sends a call to its first candidate that answers. Resolves at the head of the answer.
   *
   * A candidate is tried again after a connection that failed, 429, 500, 502, 503, 504 and 529, as
   * far as its tries and its budget go, and only before any of an answer was handed on. Other 4xx
   * are answers; the last candidate's 429 becomes one when its tries are spent.
   *
   * @throws UpstreamError `upstream_failed`, `upstream_refused` (its breaker is open),
   *   `upstream_timeout`, or `timed_out` when the caller left.
   * @throws GatehouseError `bad_config` for a candidate that names no upstream, `bad_request` for a
   *   header that cannot be sent.
   */
  send(call: ModelCall): Promise<Answer>;
  health(): readonly UpstreamHealth[];
  /** Closes all connections; what is under way breaks off. */
  close(): Promise<void>;
}

/** @throws GatehouseError `bad_config` that names the upstream and the member at fault. */
export function openUpstreams(options: UpstreamOptions): Upstreams {
  const { clock, random } = options;
  const lines = new Map<string, Line>();
  for (const definition of options.definitions) {
    const { name } = definition;
    if (lines.has(name)) throw bad(`\`upstreams.${name}\` is defined twice; rename one`);
    checkLimits(definition);
    lines.set(name, opened(definition, options));
  }
  function lineOf(name: string): Line {
    const line = lines.get(name);
    if (line === undefined)
      throw bad(`no upstream is named \`${name}\`; define it in \`upstreams\``);
    return line;
  }
  return {
    async send(call) {
      if (call.candidates.length === 0) throw bad('a route names no candidate; give it one');
      const chosen = call.candidates.map(({ upstream }) => lineOf(upstream));
      return new Sending(call, clock, random).run(chosen);
    },
    health: () => [...lines.values()].map((line) => line.health()),
    async close() {
      await Promise.all([...lines.values()].map((line) => line.wire.destroy()));
    },
  };
}

function opened(definition: UpstreamDefinition, { clock, log }: UpstreamOptions): Line {
  if (definition.kind === 'scripted') {
    const { name, script } = definition;
    if (script === undefined) throw bad(`\`upstreams.${name}.script\` is missing; name a file`);
    const wire = scriptedWire(scriptedHandler(readScript(script)), clock);
    return new Line(definition, noTarget, wire, clock, log);
  }
  const target = targetOf(definition);
  return new Line(definition, target, networkWire(definition, target.origin), clock, log);
}

function checkLimits(definition: UpstreamDefinition): void {
  const { name, timeouts, retries, breaker, maxAnswerBytes } = definition;
  const positive = {
    ...timeouts,
    attempts: retries.attempts,
    failures: breaker.failures,
    openMs: breaker.openMs,
    maxAnswerBytes,
  };
  for (const [member, value] of Object.entries(positive)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw bad(`\`upstreams.${name}\` has \`${member}: ${value}\`; give a whole number from 1`);
  }
  const { budgetRatio } = retries;
  if (!(budgetRatio >= 0 && budgetRatio <= 1)) {
    throw bad(`\`upstreams.${name}\` has \`budgetRatio: ${budgetRatio}\`; give 0 to 1`);
  }
}

function bad(message: string): GatehouseError {
  return new GatehouseError('bad_config', message);
}
