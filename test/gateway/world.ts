import { randomBytes } from 'node:crypto';
import {
  type Budgets,
  type CallSummary,
  type Gateway,
  type GatewayParts,
  openGateway,
} from '../../src/gateway/index.ts';
import {
  type Binding,
  type GatehouseError,
  type Principal,
  type Recorder,
  systemClock,
} from '../../src/kernel/index.ts';
import { openPins } from '../../src/registry/index.ts';
import { openUpstreams, upstreamDefaults } from '../../src/upstream/index.ts';
import { memoryRecord, principal } from '../kernel/world.ts';
import { openProvider, type Provider } from './provider.ts';

/** A data plane on loopback in front of a provider, with the controls and the record of a test. */
export interface World {
  readonly gateway: Gateway;
  readonly provider: Provider;
  readonly record: ReturnType<typeof memoryRecord>;
  readonly summaries: CallSummary[];
  readonly defects: GatehouseError[];
  /** The controls in force; a test may replace them between calls. */
  bindings: readonly Binding[];
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly bindings: readonly Binding[];
  readonly early?: boolean;
  readonly padStreams?: boolean;
  readonly holdBackChars?: number;
  readonly maxAnswerBytes?: number;
  readonly bodyBytes?: number;
  readonly headersMs?: number;
  readonly requestMs?: number;
  readonly idleMs?: number;
  readonly identify?: (credential: string | null) => Principal;
  readonly budgets?: Budgets;
  /** Where decisions are recorded; in memory unless given. */
  readonly recorder?: Recorder;
  readonly tokens?: GatewayParts['tokens'];
  readonly enter?: GatewayParts['enter'];
}

function upstreamsTo(url: string, options: WorldOptions) {
  const idleMs = options.idleMs ?? 2_000;
  const common = {
    ...upstreamDefaults,
    timeouts: { ...upstreamDefaults.timeouts, firstByteMs: idleMs, idleMs },
    retries: { attempts: 1, budgetRatio: 0 },
    breaker: { failures: 1_000_000, openMs: 1 },
    maxAnswerBytes: options.maxAnswerBytes ?? upstreamDefaults.maxAnswerBytes,
  };
  return openUpstreams({
    definitions: [
      { ...common, name: 'openai', kind: 'openai', url: url, apiKey: 'sk-upstream' },
      { ...common, name: 'anthropic', kind: 'anthropic', url: url, apiKey: 'sk-upstream' },
    ],
    clock: systemClock,
    random: Math.random,
    log: () => {},
  });
}

const noTokens: GatewayParts['tokens'] = {
  serves: () => false,
  prepare: () => Promise.reject(new Error('no token service here')),
};

/** No quota at all. */
const unlimited: Budgets = {
  reserve: () => ({ claims: [], settle: () => [] }),
  cost: () => null,
};

export async function openWorld(options: WorldOptions): Promise<World> {
  const provider = await openProvider();
  const record = memoryRecord();
  const upstreams = upstreamsTo(provider.url, options);
  const pins = openPins([
    { id: 'test-model@1', upstream: 'openai', model: 'm-1', aliases: ['test'] },
    { id: 'test-claude@1', upstream: 'anthropic', model: 'm-1', aliases: ['test-a'] },
  ]);
  const world = { bindings: options.bindings };
  const summaries: CallSummary[] = [];
  const defects: GatehouseError[] = [];
  const gateway = await openGateway(
    {
      checkpoint: {
        get bindings() {
          return world.bindings;
        },
        recorder: options.recorder ?? record,
        clock: systemClock,
      },
      clock: systemClock,
      random: randomBytes,
      identify: ({ credential }) => options.identify?.(credential) ?? principal,
      enter: options.enter ?? (() => () => {}),
      budgets: options.budgets ?? unlimited,
      arrival: null,
      origin: () => 'http://127.0.0.1',
      tokens: options.tokens ?? noTokens,
      append: async () => {},
      resolve: pins.resolve,
      models: pins.list,
      send: (call) => upstreams.send(call),
      policyFacts: () => ({}),
      traceLink: (trace) => `http://127.0.0.1/traces/${trace}`,
      over: (summary) => summaries.push(summary),
      defect: (error) => defects.push(error),
    },
    {
      bodyBytes: options.bodyBytes ?? 1_000_000,
      answerBytes: options.maxAnswerBytes ?? 1_000_000,
      padStreams: options.padStreams ?? false,
      holdBackChars: options.holdBackChars ?? 1_000_000,
      early: options.early ?? true,
    },
    {
      host: '127.0.0.1',
      port: 0,
      behindTlsProxy: false,
      hosts: [],
      headersMs: options.headersMs ?? 2_000,
      requestMs: options.requestMs ?? 4_000,
      connections: 200,
    },
  );
  return {
    gateway,
    provider,
    record,
    summaries,
    defects,
    get bindings() {
      return world.bindings;
    },
    set bindings(bindings) {
      world.bindings = bindings;
    },
    async close() {
      await gateway.close(100);
      await upstreams.close();
      await provider.close();
    },
  };
}
