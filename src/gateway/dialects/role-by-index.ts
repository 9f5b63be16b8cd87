import type { Json, JsonObject, Role } from '../../kernel/index.ts';
import { isObject } from './fields.ts';

/**
 * Gives texts below `/<field>/<index>/…` the role of that item, worked out once per item, and
 * texts elsewhere that of their first path segment.
 */
export function rolesByItem(
  body: JsonObject,
  field: string,
  roleOfItem: (item: JsonObject, rest: string) => Role,
  roleOfField: (name: string) => Role,
): (path: string) => Role {
  const prefix = `/${field}/`;
  const items = body[field];
  return (path) => {
    if (!path.startsWith(prefix) || !Array.isArray(items)) {
      const end = path.indexOf('/', 1);
      return roleOfField(end < 0 ? path.slice(1) : path.slice(1, end));
    }
    const end = path.indexOf('/', prefix.length);
    const index = Number(end < 0 ? path.slice(prefix.length) : path.slice(prefix.length, end));
    const item = items[index] as Json | undefined;
    return isObject(item) ? roleOfItem(item, end < 0 ? '' : path.slice(end)) : 'user';
  };
}
