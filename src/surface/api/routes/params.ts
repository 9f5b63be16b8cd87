import { z } from '@hono/zod-openapi';

// PostgreSQL takes no NUL in a text, and a control character is in no name of ours.
const plain = /^\P{Cc}+$/u;

/** The path parameter `name`: a name or an id on one line. */
export function param<Name extends string>(name: Name, description: string) {
  const text = z.string().max(500).regex(plain, 'is one line of text');
  const schema = text.meta({ param: { name, in: 'path' }, description });
  return z.object({ [name]: schema } as Record<Name, typeof schema>);
}

/** The path parameter `id`. */
export function idIn(description: string) {
  return param('id', description);
}
