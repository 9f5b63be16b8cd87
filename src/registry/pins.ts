import { type Control, GatehouseError, type Opinion, type Subject } from '../kernel/index.ts';
import { floatingReason } from './exact-version.ts';

/**
 * One exact model version that may be served. `id` is `name@version`, `model` the version as its
 * provider names it, `fallbacks` ids to try, in order, when it is away.
 */
export interface ModelPin {
  readonly id: string;
  readonly upstream: string;
  readonly model: string;
  readonly aliases?: readonly string[];
  readonly fallbacks?: readonly string[];
  readonly groups?: readonly string[];
  /** The provider may move what `model` means, and the operator accepts it. */
  readonly floating?: boolean;
  /** Most tokens of one answer, where a call does not say; 16,384 by default. */
  readonly maxOutput?: number;
}

/** A pin as a request sees it: the version, and where it is served, the pin itself first. */
export interface PinnedModel {
  readonly id: string;
  readonly provider: string;
  readonly groups: readonly string[];
  readonly aliases: readonly string[];
  readonly floating: boolean;
  readonly maxOutput: number;
  readonly candidates: readonly {
    readonly id: string;
    readonly upstream: string;
    readonly model: string;
  }[];
}

/** The listed versions. `resolve` takes an id or an alias; null: not listed. */
export interface Pins {
  resolve(asked: string): PinnedModel | null;
  list(): readonly PinnedModel[];
  /** `registry.pin`: only a listed exact version may serve. */
  control(): Control;
}

/**
 * Reads the listed model versions.
 *
 * @throws GatehouseError `bad_config` for an id without `@version`, a name that is listed twice, an
 *   fallback that is unknown or lacks a group of the model it stands in for, or a provider's name
 *   that floats without `floating: true`.
 */
export function openPins(models: readonly ModelPin[]): Pins {
  const byId = new Map<string, ModelPin>();
  for (const pin of models) {
    checkPin(pin);
    if (byId.has(pin.id)) throw badConfig(`model \`${pin.id}\` is listed twice; remove one`);
    byId.set(pin.id, pin);
  }
  const byName = new Map<string, PinnedModel>();
  const listed = models.map((pin) => pinned(pin, byId));
  for (const model of listed) byName.set(model.id, model);
  for (const model of listed) {
    for (const alias of model.aliases) {
      const taken = byName.get(alias);
      if (taken !== undefined) {
        throw badConfig(`alias \`${alias}\` of \`${model.id}\` already means \`${taken.id}\``);
      }
      byName.set(alias, model);
    }
  }
  const resolve = (asked: string) => byName.get(asked) ?? null;
  return { resolve, list: () => listed, control: () => pinControl(byId) };
}

const usualMaxOutput = 16_384;

function checkPin(pin: ModelPin): void {
  const at = pin.id.lastIndexOf('@');
  if (at < 1 || at === pin.id.length - 1) {
    throw badConfig(`model id \`${pin.id}\` names no version; write it as name@version`);
  }
  if (pin.floating === true) return;
  const why = floatingReason(pin.model, pin.id.slice(at + 1));
  if (why === null) return;
  throw badConfig(
    `model \`${pin.id}\`: \`${pin.model}\` may mean another model tomorrow, since ${why}; ` +
      'name an exact version, or accept that with floating: true',
  );
}

function pinned(pin: ModelPin, byId: ReadonlyMap<string, ModelPin>): PinnedModel {
  const candidates = [{ id: pin.id, upstream: pin.upstream, model: pin.model }];
  for (const id of pin.fallbacks ?? []) {
    const next = byId.get(id);
    if (next === undefined) {
      throw badConfig(`fallback \`${id}\` of \`${pin.id}\` is no listed model; list it or drop it`);
    }
    if (candidates.some((one) => one.id === id)) {
      throw badConfig(`fallback \`${id}\` of \`${pin.id}\` is named twice or is the model itself`);
    }
    const lacking = pin.groups?.find((group) => next.groups?.includes(group) !== true);
    if (lacking !== undefined) {
      throw badConfig(
        `fallback \`${id}\` is not in group \`${lacking}\` of \`${pin.id}\`: whoever may use one ` +
          'is served by the other, so give it that group or drop it',
      );
    }
    candidates.push({ id, upstream: next.upstream, model: next.model });
  }
  return Object.freeze({
    id: pin.id,
    provider: pin.upstream,
    groups: Object.freeze([...(pin.groups ?? [])]),
    aliases: Object.freeze([...(pin.aliases ?? [])]),
    floating: pin.floating === true,
    maxOutput: pin.maxOutput ?? usualMaxOutput,
    candidates: Object.freeze(candidates),
  });
}

/**
 * Denies every model call whose resource is not a listed exact version; an alias must have been
 * resolved before. What is listed as floating passes, and its finding says so.
 */
function pinControl(byId: ReadonlyMap<string, ModelPin>): Control {
  const exact: Opinion = Object.freeze({ level: 'allow' });
  const floats: Opinion = Object.freeze({
    level: 'allow',
    code: 'model_floating',
    reason: 'the provider may move what this name means; the operator accepted that',
  });
  return {
    id: 'registry.pin',
    stages: ['model'],
    serves: ['I5', 'M4'],
    judge({ resource }: Subject): Opinion {
      const pin = resource.type === 'model' ? byId.get(resource.id) : undefined;
      if (pin === undefined) return unlisted(resource.id);
      return pin.floating === true ? floats : exact;
    },
  };
}

function unlisted(asked: string): Opinion {
  // The name comes from the caller: shown short, without what could forge a line of a log.
  const shown = asked.slice(0, 100).replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
  return {
    level: 'deny',
    code: 'model_unlisted',
    reason: `model \`${shown}\` is not listed; ask for a listed one (GET /v1/models) or have it added`,
  };
}

function badConfig(message: string): GatehouseError {
  return new GatehouseError('bad_config', message);
}
