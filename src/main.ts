import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openGateway, pooled } from './gateway/index.ts';
import { secretsControl, sizeControl } from './guard/index.ts';
import { openIdentity } from './identity/index.ts';
import { type Binding, type Control, systemClock } from './kernel/index.ts';
import { localSigner, openLedger, publishedIn } from './ledger/index.ts';
import { checkSources, openPolicies, type Policies, readSources } from './policy/index.ts';
import { openPins, type Pins } from './registry/index.ts';
import { localKms, openStore, openVault, type Store } from './store/index.ts';
import {
  type CliParts,
  type Config,
  type ControlParts,
  type ControlPlane,
  cli,
  controlPlane,
  fileText,
  type House,
  type HouseOptions,
  listenerOf,
  type OtlpTraces,
  openMetrics,
  otlpTraces,
  type PartHealth,
  productOf,
  secretAt,
  settingsIn,
  setupToken,
  type Terminal,
} from './surface/index.ts';
import { clientFetch, openUpstreams, outbound, type UpstreamDefinition } from './upstream/index.ts';

/**
 * Brings up the whole house: store, ledger, rooms, data plane, control plane, in this order, and
 * takes down what is up when a later part fails.
 */
export async function openHouse(options: HouseOptions): Promise<House> {
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  try {
    return { ...(await build(options, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const version = '0.1.0';

type Opened = (() => Promise<void>)[];

async function build(options: HouseOptions, opened: Opened): Promise<Omit<House, 'close'>> {
  return openPlanes(options, await openRooms(options, opened), opened);
}

type Rooms = Awaited<ReturnType<typeof openRooms>>;

async function openRooms(options: HouseOptions, opened: Opened) {
  const { config, log } = options;
  const at = (path: string) => resolve(options.folder, path);
  const data = at(config.data);
  // Root's embedded PostgreSQL runs as another user: it may pass through, and sees no key.
  mkdirSync(data, { recursive: true, mode: 0o711 });
  mkdirSync(join(data, 'keys'), { recursive: true, mode: 0o700 });
  const clock = systemClock;
  const policies = openPolicies({ folder: at(config.policy.folder), clock, log });
  const pins = openPins(config.models);
  const { url, poolSize } = config.store;
  const store = await openStore({ ...(url ? { url } : {}), dataDir: data, log, poolSize });
  opened.push(() => store.close());
  const kms = await localKms(join(data, 'keys', 'kek'), randomBytes);
  const vault = await openVault({ store, kms, clock, random: randomBytes });
  const signer = await localSigner(join(data, 'keys', 'log'), config.ledger.origin, randomBytes);
  const published = publishedIn(join(data, 'checkpoint'));
  const ledger = await openLedger({ store, vault, signer, clock, published });
  opened.push(() => ledger.close());
  const issuers = config.identity.issuers.map((one) => ({
    ...one,
    jwks: fileText('identity.issuers.jwks', one.jwks, options.folder),
  }));
  const identity = openIdentity({ db: store.db, clock, random: randomBytes, issuers });
  const upstreams = openUpstreams({
    definitions: Object.entries(config.upstreams).map((one) => definition(...one, options)),
    clock,
    random: Math.random,
    log: (level, event, facts) => log(`${level} ${event} ${JSON.stringify(facts)}`),
  });
  opened.push(() => upstreams.close());
  return { policies, pins, store, ledger, identity, upstreams };
}

async function openPlanes(
  options: HouseOptions,
  { policies, pins, store, ledger, identity, upstreams }: Rooms,
  opened: Opened,
): Promise<Omit<House, 'close'>> {
  const { config, folder, log } = options;
  const clock = systemClock;
  const metrics = openMetrics({
    protocols: protocolNames,
    upstreams: Object.keys(config.upstreams),
  });
  const traces = openTraces(config, log);
  if (traces !== null) opened.push(() => traces.close());
  const recorder = metrics.counting(ledger);
  const checkpoint = { bindings: bindings(config, policies, pins), recorder, clock };
  let control: ControlPlane | null = null;
  const gateway = await openGateway(
    {
      checkpoint,
      clock,
      random: pooled(randomBytes),
      identify: (credential) => identity.identify(credential),
      resolve: (asked) => pins.resolve(asked),
      models: () => pins.list(),
      send: (call) => upstreams.send(call),
      policyFacts: () => ({ policySet: policies.hash }),
      traceLink: (trace) => `${config.control.publicUrl ?? control?.url ?? ''}/v1/traces/${trace}`,
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
    listenerOf(config.gateway, config.gateway, folder),
  );
  opened.push(() => gateway.close());
  const token = await setupToken(settingsIn(store.db, clock), randomBytes, clock);
  control = await controlPlane(
    {
      version,
      clock,
      agents: identity.agents,
      policies: policyDesk(policies, resolve(folder, config.policy.folder)),
      models: () => pins.list(),
      log: ledger,
      guard: token.guard,
      health: async () => [
        await storeHealth(store),
        ...upstreams.health().map(({ name, breaker, last }) => {
          const status = breaker === 'closed' ? ('ok' as const) : ('degraded' as const);
          return { part: `upstream ${name}`, status, detail: last?.detail ?? 'ready' };
        }),
      ],
      metrics: () => metrics.scrape(),
      defect: (error) => log(defectLine(error, null)),
    },
    {
      listen: listenerOf(config.control, config.gateway, folder),
      publicLog: config.control.publicLog,
      openMetrics: config.control.openMetrics,
    },
  );
  const opening = control;
  opened.push(() => opening.close());
  await ledger.append('system.started', { version, policySet: policies.hash });
  return { gateway, control, token: token.fresh };
}

/** Every control in force, as the configuration binds it. */
function bindings(config: Config, policies: Policies, pins: Pins): readonly Binding[] {
  const bind = (control: Control, { mode, timeoutMs, onFailure }: Omit<Binding, 'control'>) => ({
    control,
    mode,
    timeoutMs,
    onFailure,
  });
  return [
    bind(sizeControl(config.guard.size), config.guard.size),
    bind(secretsControl(), config.guard.secrets),
    bind(pins.control(), { ...config.registry.pin, mode: 'enforce' }),
    bind(policies.control(), config.policy.cedar),
  ];
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

/** Spans of calls to an OpenTelemetry collector, if one is configured. */
function openTraces(config: Config, log: HouseOptions['log']): OtlpTraces | null {
  const { otlp, headers } = config.telemetry;
  if (otlp === undefined) return null;
  const send = outbound({ timeoutMs: 10_000, maxBytes: 1_000_000 });
  return otlpTraces({
    endpoint: otlp,
    headers,
    version,
    clock: systemClock,
    random: randomBytes,
    send: async (url, fields, body) =>
      (await send(url, { method: 'POST', headers: fields, body })).status,
    provider: (upstream) => config.upstreams[upstream]?.kind ?? null,
    log,
  });
}

/** An upstream as its room takes it: with its key, fetched from where the configuration says. */
function definition(
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

async function storeHealth(store: Store): Promise<PartHealth> {
  const part = 'database';
  try {
    await store.pool.query('select 1');
    return { part, status: 'ok', detail: store.describe() };
  } catch (error) {
    return { part, status: 'down', detail: (error as Error).message };
  }
}

// A defect is ours: its stack goes to the operator's log and never to a client.
function defectLine(error: unknown, trace: string | null): string {
  const { cause, stack } = error as Error;
  const told = cause instanceof Error ? cause.stack : stack;
  return `defect${trace === null ? '' : ` in trace ${trace}`}: ${told}`;
}

if (import.meta.main) {
  const { stdout, stderr, env, argv } = process;
  const terminal: Terminal = {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outIsTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    columns: stdout.columns ?? 80,
  };
  const client = clientFetch();
  const call = client.fetch as CliParts['call'];
  const product = productOf({ openHouse, terminal, env, call, now: systemClock.now });
  const given = { terminal, env, call, product, clock: systemClock, random: randomBytes };
  const parts = { ...given, argv: argv.slice(2), version };
  process.exitCode = await cli(parts);
  await client.close();
}
