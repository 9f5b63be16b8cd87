import { z } from 'zod';
import { publicJwk } from './jwk.ts';

const risk = z
  .number()
  .int()
  .min(0)
  .max(100)
  .meta({ description: 'how much harm it could do, from 0 to 100; policies may ask for it' });

/** A registered agent and the person answerable for it. Times are ISO 8601, UTC. */
export const agent = z
  .object({
    id: z.string().meta({ example: 'agt_5f2b8c1d9e0a4b7c6d3e' }),
    name: z.string().meta({ example: 'support-bot', description: 'unique' }),
    owner: z.string().meta({ example: 'ana@example.org' }),
    purpose: z.string(),
    tenant: z.string().meta({ example: 'default' }),
    risk,
    status: z.enum(['active', 'disabled']),
    created: z.iso.datetime(),
    disabled: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Agent' });

const told = 'use 1 to 64 of a-z, 0-9, dot, hyphen, underscore; begin and end with one of a-z, 0-9';
const name = z.string().regex(/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/, told);

/** How much harm an agent could do. */
export const riskOf = z.strictObject({ risk }).meta({ id: 'Risk' });

/** An agent to register. Who owns it answers for what it does. */
export const newAgent = z
  .strictObject({
    name: name.meta({ example: 'support-bot' }),
    owner: z.string().trim().min(1).max(200).meta({ example: 'ana@example.org' }),
    purpose: z.string().trim().min(1).max(500).default('not stated'),
    tenant: name.default('default'),
    risk: risk.default(0),
    publicKey: publicJwk.optional(),
  })
  .meta({ id: 'NewAgent' });

export const agentList = z.object({ agents: z.array(agent) }).meta({ id: 'AgentList' });

export type Agent = z.output<typeof agent>;
export type NewAgent = z.output<typeof newAgent>;
