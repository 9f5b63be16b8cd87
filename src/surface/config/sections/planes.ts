import { z } from 'zod';
import { address, count, ms } from './fields.ts';

const tls = z
  .strictObject({
    cert: z.string().describe('PEM file with the certificate and its chain'),
    key: z.string().describe('PEM file with its private key'),
  })
  .describe('serve HTTPS, TLS 1.2 or later');

export const listener = (listen: string) => ({
  listen: address.default(listen).describe('HOST:PORT to listen on; port 0 picks a free one'),
  tls: tls.optional(),
  behindTlsProxy: z
    .boolean()
    .default(false)
    .describe('a proxy in front ends TLS; without it or `tls`, plain HTTP off loopback is refused'),
  hosts: z
    .array(z.string())
    .default([])
    .describe('further Host names to answer to, beside the address itself and `localhost`'),
});

/** `gateway`: the data plane. */
export const gateway = z.strictObject({
  ...listener('127.0.0.1:4100'),
  bodyBytes: count(16 * 1024 * 1024).describe('largest request body, in bytes'),
  headersMs: ms(10_000).describe('time for a client to send its headers'),
  requestMs: ms(60_000).describe('time for a client to send its whole request'),
  connections: count(10_000).describe('connections at a time'),
  padStreams: z.boolean().default(true).describe('hide the token lengths of streams by padding'),
  holdBackChars: z
    .number()
    .int()
    .min(1024)
    .default(1_048_576)
    .describe('most characters of one stream that may wait for a control; more is refused'),
});

/** `control`: the control plane. */
export const control = z.strictObject({
  ...listener('127.0.0.1:4101'),
  publicUrl: z.url().optional().describe('how people reach it, for the links in errors'),
  publicLog: z.boolean().default(false).describe('serve the log under `/log/` without a token'),
  openMetrics: z.boolean().default(false).describe('serve `/metrics` without a token'),
});
