import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../../../src/kernel/index.ts';
import { admitsUser } from '../../../src/surface/sidecar/admission.ts';
import { newSigningKey } from '../../../src/surface/sidecar/agent-key.ts';
import { type Credentials, openCredentials } from '../../../src/surface/sidecar/credentials.ts';
import { passage } from '../../../src/surface/sidecar/passage.ts';
import { openSidecar, type Sidecar } from '../../../src/surface/sidecar/sidecar.ts';
import { tokenEndpoint } from '../../../src/surface/sidecar/token-endpoint.ts';
import { clientFetch } from '../../../src/upstream/index.ts';
import { StandIn } from './stand-in.ts';

/** A sidecar as `gatehouse run` puts it together, before a gateway that stands in. */
export interface SidecarWorld {
  readonly gateway: StandIn;
  readonly sidecar: Sidecar;
  readonly credentials: Credentials;
  readonly log: string[];
  close(): Promise<void>;
}

export async function sidecarWorld(
  answer?: (request: IncomingMessage, response: ServerResponse) => void,
  clock: Clock = systemClock,
): Promise<SidecarWorld> {
  const agent = 'support-bot';
  const key = newSigningKey();
  const proof = newSigningKey();
  const now = () => clock.now();
  const stand = { agent, jwk: key.jwk, now, ...(answer && { answer }) };
  const gateway = await new StandIn(stand).open();
  const client = clientFetch();
  const call = client.fetch as (url: string, init: RequestInit) => Promise<Response>;
  const log: string[] = [];
  const random = randomBytes;
  const parts = { gateway: gateway.url, agent, key, proof, call, clock, random };
  const issue = tokenEndpoint(parts);
  const said = (line: string) => void log.push(line);
  const credentials = await openCredentials({ issue, clock, random, log: said });
  const sidecar = await openSidecar({
    gateway: gateway.url,
    pass: passage({ ...parts, credentials }),
    admits: admitsUser(process.geteuid?.() ?? -1),
  });
  const close = async () => {
    credentials.close();
    await sidecar.close();
    await client.close();
    await gateway.close();
  };
  return { gateway, sidecar, credentials, log, close };
}
