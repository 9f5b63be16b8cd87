import { z } from 'zod';

const issuer = z.strictObject({
  issuer: z.url().describe('the `iss` of its tokens'),
  audience: z.string().min(1).describe('the `aud` that a token must have'),
  jwks: z.string().describe('file with its public keys: a JWK set'),
  agentClaim: z
    .enum(['client_id', 'sub'])
    .default('client_id')
    .describe("the claim that holds the agent's name"),
});

const trustDomain = z
  .strictObject({
    name: z.string().min(1).describe('the trust domain, such as `example.org`'),
    bundle: z.string().optional().describe('file with its trust bundle (a JWK set with `x5c`)'),
    url: z.url().optional().describe('where its bundle is fetched, by HTTPS'),
  })
  .refine(({ bundle, url }) => (bundle === undefined) !== (url === undefined), {
    error: 'give either `bundle` (a file) or `url`',
  });

const workloads = z.strictObject({
  issuer: z.url().describe('the `iss` of its tokens; its keys are found by OIDC discovery'),
  audience: z
    .string()
    .min(1)
    .optional()
    .describe("the `aud` that a token must have; unset: this gateway's issuer name"),
  jwks: z.string().optional().describe('file with its public keys, instead of discovery'),
  idJag: z
    .boolean()
    .default(false)
    .describe('it may assert for whom an agent acts (ID-JAG assertions)'),
});

/** `identity`: whose credentials count. */
export const identity = z.strictObject({
  issuer: z
    .url()
    .optional()
    .describe('the `iss` and `aud` of tokens issued here; unset: the address of the gateway'),
  issuers: z
    .array(issuer)
    .default([])
    .describe('other token services, whose at+jwt name agents by the names they have here'),
  spiffe: z
    .array(trustDomain)
    .default([])
    .describe('SPIFFE trust domains; with any, TLS clients are asked for a certificate'),
  oidc: z
    .array(workloads)
    .default([])
    .describe('issuers of workload tokens (GitHub, Kubernetes, clouds), by `agent identity add`'),
});
