import { resolve } from 'node:path';
import { type Config, type HouseOptions, secretAt } from '../surface/index.ts';
import type { UpstreamDefinition } from '../upstream/index.ts';

/** An upstream as its room takes it: with its key, fetched from where the configuration says. */
export function upstreamDefinition(
  name: string,
  { key, script, url, auth, ...rest }: Config['upstreams'][string],
  { folder, env }: HouseOptions,
): UpstreamDefinition {
  return {
    ...rest,
    name,
    ...(url === undefined ? {} : { url }),
    ...(auth === undefined ? {} : { auth }),
    ...(key === undefined ? {} : { apiKey: secretAt(`upstreams.${name}.key`, key, folder, env) }),
    ...(script === undefined ? {} : { script: resolve(folder, script) }),
  };
}
