import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { openGateway, pooled } from '../gateway/index.ts';
import { systemClock } from '../kernel/index.ts';
import { openAgentUse } from '../ledger/index.ts';
import { checkSources, openWhatIf, type Policies, readSources } from '../policy/index.ts';
import {
  type ControlParts,
  type ControlPlane,
  controlPlane,
  type House,
  type HouseOptions,
  listenerOf,
  openMetrics,
  settingsIn,
  setupToken,
} from '../surface/index.ts';
import { bindings } from './bindings.ts';
import { budgetsOf } from './budgets.ts';
import { defectLine } from './defect-line.ts';
import { healthOf } from './health.ts';
import type { Opened } from './opened.ts';
import type { Rooms } from './rooms.ts';
import { openTraces } from './traces.ts';
import { version } from './version.ts';

type Counting = ReturnType<typeof openMetrics>;

/** Opens the data plane and the control plane over the rooms. */
export async function openPlanes(
  options: HouseOptions,
  rooms: Rooms,
  opened: Opened,
): Promise<Omit<House, 'close'>> {
  const { config } = options;
  const metrics = openMetrics({
    protocols: protocolNames,
    upstreams: Object.keys(config.upstreams),
  });
  let control: ControlPlane | null = null;
  const controlUrl = () => config.control.publicUrl ?? control?.url ?? '';
  const gateway = await dataPlane(options, rooms, metrics, controlUrl, opened);
  rooms.begin(gateway.url);
  const { store, ledger, policies } = rooms;
  const token = await setupToken(settingsIn(store.db, systemClock), randomBytes, systemClock);
  const opening = await controlPlane(controlParts(options, rooms, metrics, token.guard), {
    listen: listenerOf(config.control, config.gateway, options.folder),
    publicLog: config.control.publicLog,
    openMetrics: config.control.openMetrics,
  });
  control = opening;
  opened.push(() => opening.close());
  await ledger.append('system.started', { version, policySet: policies.hash });
  return { gateway, control: opening, token: token.fresh };
}

async function dataPlane(
  { config, folder, log }: HouseOptions,
  rooms: Rooms,
  metrics: Counting,
  controlUrl: () => string,
  opened: Opened,
) {
  const { identity, ledger, policies, pins, quotas, rates, upstreams } = rooms;
  const traces = openTraces(config, version, log);
  if (traces !== null) opened.push(() => traces.close());
  const clock = systemClock;
  const gateway = await openGateway(
    {
      checkpoint: {
        bindings: bindings(config, rooms),
        recorder: metrics.counting(ledger),
        clock,
      },
      clock,
      random: pooled(randomBytes),
      origin: () => rooms.tokens().issuer,
      tokens: {
        serves: (path) => rooms.tokens().serves(path),
        prepare: (request) => rooms.tokens().prepare(request),
      },
      append: (kind, facts) => ledger.append(kind, facts),
      identify: (presented) => identity.identify(presented),
      enter: (principal, end) => identity.live.enter(principal, end),
      budgets: budgetsOf(config, quotas),
      arrival:
        rates === null
          ? null
          : async (principal, model) => ({
              // No quota is about a model that is not listed, and none is asked.
              rateOver: model === null ? 0 : await rates.take(principal, model),
            }),
      resolve: (asked) => pins.resolve(asked),
      models: () => pins.list(),
      send: (call) => upstreams.send(call),
      policyFacts: () => ({ policySet: policies.hash }),
      traceLink: (trace) => `${controlUrl()}/v1/traces/${trace}`,
      over(call) {
        metrics.call(call);
        traces?.call(call);
      },
      defect: (error, trace) => log(defectLine(error, trace)),
    },
    {
      bodyBytes: config.gateway.bodyBytes,
      answerBytes: Math.max(0, ...Object.values(config.upstreams).map((one) => one.maxAnswerBytes)),
      padStreams: config.gateway.padStreams,
      holdBackChars: config.gateway.holdBackChars,
      early: config.ledger.durability === 'release',
    },
    {
      ...listenerOf(config.gateway, config.gateway, folder),
      clientCertificates: config.identity.spiffe.length > 0,
    },
  );
  opened.push(() => gateway.close());
  return gateway;
}

function controlParts(
  { config, folder, log }: HouseOptions,
  rooms: Rooms,
  metrics: Counting,
  guard: ControlParts['guard'],
): ControlParts {
  const { identity, policies, pins, quotas, ledger, store } = rooms;
  return {
    version,
    clock: systemClock,
    agents: identity.agents,
    policies: policyDesk(policies, resolve(folder, config.policy.folder)),
    whatIf: openWhatIf({ policies, log: ledger, clock: systemClock }),
    use: openAgentUse(store.pool),
    quotas,
    tokens: { rotate: () => rooms.tokens().rotate(), keys: () => rooms.tokens().jwks() },
    models: () => pins.list(),
    log: ledger,
    guard,
    health: () => healthOf(rooms),
    metrics: () => metrics.scrape(),
    defect: (error) => log(defectLine(error, null)),
  };
}

const protocolNames = [
  'openai.chat',
  'openai.responses',
  'openai.embeddings',
  'openai.models',
  'anthropic.messages',
  'anthropic.count_tokens',
  'anthropic.models',
];

function policyDesk(policies: Policies, folder: string): ControlParts['policies'] {
  return {
    get hash() {
      return policies.hash;
    },
    get policies() {
      return policies.policies;
    },
    reload: () => policies.reload(),
    read: () => readSources(folder),
    check: checkSources,
  };
}
