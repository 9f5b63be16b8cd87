import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openIdentity } from '../../src/identity/index.ts';
import { SigningKeys } from '../../src/identity/tokens/signing-keys.ts';
import { type Clock, systemClock } from '../../src/kernel/index.ts';
import { openAgentUse } from '../../src/ledger/index.ts';
import {
  checkSources,
  openPolicies,
  openQuotas,
  openWhatIf,
  type Quota,
  readSources,
} from '../../src/policy/index.ts';
import { openPins } from '../../src/registry/index.ts';
import { localKms, type Store } from '../../src/store/index.ts';
import {
  type ControlOptions,
  type ControlParts,
  type ControlPlane,
  controlPlane,
  settingsIn,
  setupToken,
} from '../../src/surface/index.ts';
import { testStore } from '../database.ts';
import { type WatchedLog, watchedLog } from './log.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly bytes: Buffer;
  json(): unknown;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Null: no token. Absent: the right one. */
  readonly token?: string | null;
}

/** A control plane over HTTP, on real rooms. */
export interface ControlWorld {
  readonly plane: ControlPlane;
  readonly parts: ControlParts;
  readonly log: WatchedLog;
  readonly store: Store;
  readonly token: string;
  readonly defects: unknown[];
  ask(path: string, asking?: Asking): Promise<Answer>;
  post(path: string, body?: object): Promise<Answer>;
  close(): Promise<void>;
}

const folder = new URL('../../policies', import.meta.url).pathname;

export interface WorldOptions extends Omit<ControlOptions, 'listen'> {
  readonly hosts?: readonly string[];
  readonly quotas?: readonly Quota[];
}

export async function controlWorld(
  { quotas: limits = [], ...options }: WorldOptions = {},
  clock: Clock = systemClock,
): Promise<ControlWorld> {
  const store = await testStore();
  const random = (size: number) => randomBytes(size);
  const { guard, fresh } = await setupToken(settingsIn(store.db, clock), random, clock);
  const log = await watchedLog(store, clock);
  const defects: unknown[] = [];
  const { agents } = openIdentity({ db: store.db, clock, random });
  const keyFolder = await mkdtemp(join(tmpdir(), 'gatehouse-control-'));
  const kms = await localKms(join(keyFolder, 'kek'), random);
  const signing = new SigningKeys({ db: store.db, kms, clock, random, log: () => {} });
  const { pool } = store;
  const quotas = openQuotas({ pool, clock, random, quotas: limits, prices: {} });
  const pins = openPins([
    { id: 'gpt-x@2026-05-01', upstream: 'openai', model: 'gpt-x-2026-05-01' },
  ]);
  const policies = Object.assign(openPolicies({ folder, clock }), {
    read: () => readSources(folder),
    check: checkSources,
  });
  const parts: ControlParts = {
    version: '0.1.0',
    clock,
    agents,
    policies,
    whatIf: openWhatIf({ policies, log, clock }),
    use: openAgentUse(pool),
    quotas,
    tokens: { rotate: () => signing.rotate(), keys: () => signing.published() },
    models: () => pins.list(),
    log,
    guard,
    health: async () => [{ part: 'store', status: 'ok', detail: store.describe() }],
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    defect: (error) => defects.push(error),
  };
  const { hosts = [], ...rest } = options;
  const listen = { host: '127.0.0.1', port: 0, behindTlsProxy: false, hosts };
  const plane = await controlPlane(parts, { listen, ...rest });
  const token = fresh as string;
  const ask = (path: string, asking: Asking = {}) => asked(plane.port, path, token, asking);
  return {
    plane,
    parts,
    log,
    store,
    token,
    defects,
    ask,
    post: (path, body) => {
      const headers = { 'content-type': 'application/json' };
      return ask(path, {
        method: 'POST',
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    },
    async close() {
      await plane.close(0);
      await quotas.close();
      await log.close();
      await store.close();
      await rm(keyFolder, { recursive: true });
    },
  };
}

function asked(port: number, path: string, right: string, asking: Asking): Promise<Answer> {
  const { method = 'GET', headers = {}, body, token = right } = asking;
  const all = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers };
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, path, method, headers: all, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString();
          const { statusCode = 0, headers: got } = answer;
          resolve({ status: statusCode, headers: got, text, bytes, json: () => JSON.parse(text) });
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/** Holds an answer against the shape of every error: its code, its words, and no insides. */
export function problem(answer: Answer, status: number, code: string, about: RegExp): void {
  assert.equal(answer.status, status, answer.text);
  const { error } = answer.json() as { error: Record<string, string> };
  assert.equal(error['code'], code);
  assert.match(error['message'] as string, about);
  assert.doesNotMatch(answer.text, /\.ts|node:| {4}at /);
}
