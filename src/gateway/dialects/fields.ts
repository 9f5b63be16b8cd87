import { GatehouseError, type Json, type JsonObject } from '../../kernel/index.ts';

// Names of models and users are short; longer ones are an attempt to smuggle or to fill the record.
const longestModel = 200;
const longestUser = 256;

// What the record, its database or a log could not hold as it is: control characters, half a
// character (a lone surrogate).
function isName(value: string, longest: number): boolean {
  return value.length <= longest && value.isWellFormed() && !/\p{Cc}/u.test(value);
}

/** Reads typed members of a request, and says what is wrong with the one that is not as it must be. */
export function wrong(field: string, value: Json | undefined, mend: string): GatehouseError {
  return new GatehouseError('bad_request', `\`${field}\` is \`${shown(value)}\`; ${mend}`);
}

/** As `wrong`, for a field that holds content: an error must not repeat it. */
export function wrongContent(field: string, value: Json | undefined, mend: string): GatehouseError {
  const what = typeof value === 'string' && value !== '' ? 'a text' : shown(value);
  return new GatehouseError('bad_request', `\`${field}\` is \`${what}\`; ${mend}`);
}

/** A value for an error message: scalars in short, of content only its kind. */
function shown(value: Json | undefined): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string' && value.length > 40) return `a text of ${value.length}`;
  return JSON.stringify(value);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectAt(body: JsonObject, field: string): JsonObject | null {
  const value = body[field];
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw wrong(field, value, 'send an object');
  return value;
}

export function modelOf(body: JsonObject): string {
  const { model } = body;
  if (typeof model !== 'string' || model === '' || !isName(model, longestModel)) {
    throw wrong('model', model, `send a model's name of 1 to ${longestModel} plain characters`);
  }
  return model;
}

export function flagAt(body: JsonObject, field: string, fallback: boolean, parent = ''): boolean {
  const value = body[field];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'boolean') throw wrong(parent + field, value, 'send true or false');
  return value;
}

export function countAt(body: JsonObject, field: string): number | null {
  const value = body[field];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw wrong(field, value, 'send a whole number that is not negative');
  }
  return value;
}

/** The first of the fields that names a user. Not cut: two users must never become one. */
export function userAt(body: JsonObject, ...fields: readonly string[]): string | null {
  for (const field of fields) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') throw wrong(field, value, 'send a string');
    if (!isName(value, longestUser)) {
      throw wrong(field, value, `send a name of at most ${longestUser} plain characters`);
    }
    if (value !== '') return value;
  }
  return null;
}

/** The objects of an array; none if the field is absent. */
export function objectsAt(body: JsonObject, field: string): readonly JsonObject[] {
  const value = body[field];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongContent(field, value, 'send an array of objects');
  value.forEach((item: Json, i) => {
    if (!isObject(item)) throw wrongContent(`${field}[${i}]`, item, 'send an object');
  });
  return value as readonly JsonObject[];
}

/** A conversation of at least one message, each with a role. */
export function messagesAt(body: JsonObject, field: string): readonly JsonObject[] {
  const messages = objectsAt(body, field);
  if (messages.length === 0) throw wrong(field, body[field], 'send at least one message');
  messages.forEach((message, i) => {
    if (typeof message.role !== 'string') {
      throw wrong(`${field}[${i}].role`, message.role, 'send a role such as `user`');
    }
  });
  return messages;
}

/** A count that an upstream reports, or null if it is none. */
export function reported(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
