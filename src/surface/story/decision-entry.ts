import { type Json, type JsonObject, type Level, levels } from '../../kernel/index.ts';
import type { LogEntry } from '../../ledger/index.ts';

/** A finding as an entry tells it. */
export interface ToldFinding {
  readonly control: string;
  readonly stage: string;
  readonly mode: string;
  readonly level: Level;
  readonly code: string;
  readonly reason: string;
}

export interface ToldBody {
  readonly role: string;
  readonly blob: string;
  readonly bytes: number;
  readonly commitment: string;
}

/** A decision as its entry tells it. What the entry does not say is empty or null, never guessed. */
export interface DecisionEntry {
  readonly index: number;
  readonly at: string;
  readonly trace: string;
  readonly stages: readonly string[];
  readonly principal: JsonObject;
  readonly resource: JsonObject;
  readonly measures: JsonObject;
  readonly level: Level;
  readonly masks: readonly { readonly path: string; readonly labels: string }[];
  readonly maskCount: number;
  readonly controls: readonly string[];
  readonly findings: readonly ToldFinding[];
  readonly bodies: readonly ToldBody[];
  /** The whole entry: facts that rooms added stand at its top. */
  readonly facts: JsonObject;
}

/** Reads a decision out of an entry, or null if the entry is of another kind. */
export function decisionEntry({ index, entry }: LogEntry): DecisionEntry | null {
  if (entry['kind'] !== 'decision') return null;
  const masks = listIn(entry, 'masks').map(toldMask);
  return {
    index,
    at: textIn(entry, 'at'),
    trace: textIn(entry, 'trace'),
    stages: listIn(entry, 'stages').filter((one) => typeof one === 'string'),
    principal: objectIn(entry, 'principal'),
    resource: objectIn(entry, 'resource'),
    measures: objectIn(entry, 'measures'),
    level: levelOf(entry['level']),
    masks,
    maskCount: numberIn(entry, 'masksTotal') ?? masks.length,
    controls: listIn(entry, 'controls').filter((one) => typeof one === 'string'),
    findings: listIn(entry, 'findings').map(toldFinding),
    bodies: listIn(entry, 'bodies').map(toldBody),
    facts: entry,
  };
}

export function textIn(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : '';
}

export function numberIn(object: JsonObject, key: string): number | null {
  const value = object[key];
  return typeof value === 'number' ? value : null;
}

export function objectIn(object: JsonObject, key: string): JsonObject {
  return asObject(object[key]);
}

export function listIn(object: JsonObject, key: string): readonly Json[] {
  const value = object[key];
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function asObject(value: Json | undefined): JsonObject {
  const plain = typeof value === 'object' && value !== null && !Array.isArray(value);
  return plain ? (value as JsonObject) : {};
}

// An entry without a readable level is told as the strictest: never as one that passed.
function levelOf(value: Json | undefined): Level {
  return levels.find((level) => level === value) ?? 'deny';
}

function toldMask(mask: Json): { path: string; labels: string } {
  const [path, , , labels] = Array.isArray(mask) ? (mask as readonly Json[]) : [];
  return { path: String(path ?? ''), labels: String(labels ?? '') };
}

function toldFinding(value: Json): ToldFinding {
  const one = asObject(value);
  return {
    control: textIn(one, 'control'),
    stage: textIn(one, 'stage'),
    mode: textIn(one, 'mode'),
    level: levelOf(one['level']),
    code: textIn(one, 'code'),
    reason: textIn(one, 'reason'),
  };
}

function toldBody(value: Json): ToldBody {
  const one = asObject(value);
  return {
    role: textIn(one, 'role'),
    blob: textIn(one, 'blob'),
    bytes: numberIn(one, 'bytes') ?? 0,
    commitment: textIn(one, 'commitment'),
  };
}
