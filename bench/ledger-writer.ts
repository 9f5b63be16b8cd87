import { createHash, randomBytes } from 'node:crypto';
import { type Draft, systemClock } from '../src/kernel/index.ts';
import { generateKey, type Ledger, openLedger, signerOf } from '../src/ledger/index.ts';
import { openStore, openVault } from '../src/store/index.ts';

// One process that writes the log: told what to write by its parent, it answers with how long it
// took and what CPU it used. Decisions as the gateway writes them, of about 600 bytes.

/** What a writer is told. */
export interface Order {
  readonly batch: number;
  readonly seconds: number;
  /** Bytes of one body a decision; 0 for none. */
  readonly body: number;
}

/** What a writer answers. */
export interface Done {
  readonly entries: number;
  readonly seconds: number;
  readonly cpuMs: number;
}

const url = process.argv[2] as string;
const store = await openStore({ url, dataDir: '', log: () => {} });
const vault = await openVault({
  store,
  kms: { id: 'bench', wrap: async (key) => key, unwrap: async (key) => key },
  clock: systemClock,
  random: randomBytes,
});
const signer = signerOf(generateKey('bench.example/log', (size) => Buffer.alloc(size, 1)));

function decision(text: Buffer): Draft {
  const trace = traceId();
  return {
    trace,
    claims: [],
    bodies: text.length > 0 ? [{ role: 'prompt', owner: 'bench', bytes: text }] : [],
    entry: (bodies) => ({
      v: 1,
      kind: 'decision',
      at: new Date().toISOString(),
      trace,
      step: 0,
      stages: ['enter', 'input', 'model'],
      principal: { kind: 'agent', id: 'agent-42', name: 'weekly report', owner: 'jo@example.com' },
      resource: { type: 'model', id: 'bench-model-1' },
      context: { protocol: 'openai.chat', stream: true },
      measures: { bytes: 812, messages: 3, tools: 0 },
      level: 'allow',
      masks: [],
      controls: ['guard.size', 'guard.secrets', 'policy.cedar', 'registry.pin'],
      findings: [],
      policySet,
      bodies: bodies.map((body) => ({ ...body })),
    }),
  };
}

// Spread over the index as random ones are; making random ones would be measured too.
const some = randomBytes(16 * 4096).toString('hex');
let traces = 0;
function traceId(): string {
  const at = (traces++ % 4096) * 32;
  return some.slice(at, at + 24) + (traces % 0xffff_ffff).toString(16).padStart(8, '0');
}

const policySet = createHash('sha256').update('policies').digest('hex');

let opened: Promise<Ledger> | undefined;

async function run({ batch, seconds, body }: Order): Promise<Done> {
  // Stays open: PostgreSQL's process for it must be there when its CPU is read.
  opened ??= openLedger({ store, vault, signer, clock: systemClock, pace: { most: batch } });
  const ledger = await opened;
  const text = Buffer.alloc(body, 'x');
  const start = performance.now();
  const cpu = process.cpuUsage();
  let entries = 0;
  const loop = async () => {
    while (performance.now() - start < seconds * 1000) {
      await ledger.record(decision(text));
      entries++;
    }
  };
  // One batch is on its way to the disk while the next is gathered.
  const inFlight = batch === 1 ? 1 : 2 * batch;
  await Promise.all(Array.from({ length: inFlight }, loop));
  const used = process.cpuUsage(cpu);
  const elapsed = (performance.now() - start) / 1000;
  return { entries, seconds: elapsed, cpuMs: (used.user + used.system) / 1000 };
}

process.on('message', (order: Order) => {
  run(order).then((done) => process.send?.(done));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
