import { Pool } from 'undici';
import type { UpstreamDefinition } from './definition.ts';
import type { Wire } from './line.ts';

const mostHeaderBytes = 32 * 1024;

/**
 * The connections to one upstream. HTTP/1.1 only: a call has its connection to itself, so that to
 * call it off closes exactly that. Certificates are verified, redirects are not followed (undici's
 * dispatch never does), and nothing is read from the environment's proxy variables.
 */
export function networkWire(definition: UpstreamDefinition, origin: string): Wire {
  const { connectMs } = definition.timeouts;
  return new Pool(origin, {
    connections: definition.connections ?? 256,
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: mostHeaderBytes,
    connect: {
      timeout: connectMs,
      ...(definition.ca === undefined ? {} : { ca: definition.ca }),
    },
  });
}
