import type { IncomingMessage } from 'node:http';
import { GatehouseError } from '../kernel/index.ts';

// No control judges headers, so nothing that could be content may go upstream in one.
const forms = {
  'anthropic-version': /^\d{4}-\d{2}-\d{2}$/,
  'anthropic-beta': /^[a-z0-9-]{1,64}(?: ?, ?[a-z0-9-]{1,64}){0,15}$/,
} as const;

/**
 * The headers of a call that its upstream is told of: the API version and the betas of Anthropic's
 * protocol, in the form that they have there.
 *
 * @throws GatehouseError `bad_request` for one of another form.
 */
export function forwardedHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of ['anthropic-version', 'anthropic-beta'] as const) {
    const value = request.headers[name];
    if (value === undefined) continue;
    if (typeof value !== 'string' || !forms[name].test(value)) {
      const mend = name === 'anthropic-version' ? 'a date' : 'at most 16 names of betas';
      throw new GatehouseError('bad_request', `header \`${name}\` is malformed; send ${mend}`);
    }
    headers[name] = value;
  }
  return headers;
}
