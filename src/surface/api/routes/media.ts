import type { ZodType } from 'zod';

/** A JSON answer, for a route's description. */
export function asJson<T extends ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

/** A JSON body that must be there. */
export function sendsJson<T extends ZodType>(schema: T) {
  return { required: true, content: { 'application/json': { schema } } };
}

/** A plain text answer. */
export function asText<T extends ZodType>(schema: T, description: string) {
  return { description, content: { 'text/plain': { schema } } };
}
