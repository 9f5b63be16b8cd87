import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const root = resolve(import.meta.dirname, '../..');

/** How the CLI reaches a running product. */
export interface Running {
  readonly pid: number;
  readonly gateway: string;
  readonly url: string;
  readonly token: string;
}

/** The product as its own process, on a data folder that outlives it. */
export class Product {
  readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-product-'));
  readonly data = join(this.folder, 'data');
  readonly config = join(this.folder, 'gatehouse.yaml');
  child: ChildProcess | null = null;
  said = '';

  constructor(config: object = {}) {
    const usual = {
      data: this.data,
      gateway: { listen: '127.0.0.1:0' },
      control: { listen: '127.0.0.1:0' },
      policy: { folder: join(root, 'policies') },
    };
    writeFileSync(this.config, JSON.stringify({ ...usual, ...config }));
  }

  /** Starts it and waits until it says that it is ready. */
  async start(env: Record<string, string> = {}): Promise<Running> {
    const control = join(this.data, 'control.json');
    const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'start', '--no-tour'], {
      env: { ...process.env, ...env, GATEHOUSE_CONFIG: this.config },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const note = (chunk: Buffer) => {
      this.said += chunk.toString('utf8');
    };
    child.stdout?.on('data', note);
    child.stderr?.on('data', note);
    for (let waited = 0; waited < 120_000; waited += 50) {
      if (child.exitCode !== null) throw new Error(`the product ended: ${this.said}`);
      try {
        const running = JSON.parse(readFileSync(control, 'utf8')) as Running;
        if (running.pid === child.pid) return running;
      } catch {
        // Not there yet.
      }
      await sleep(50);
    }
    throw new Error(`the product was not ready: ${this.said}`);
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#ended('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#ended('SIGTERM');
  }

  /** Ends what still runs, PostgreSQL too, and removes the data. */
  async remove(): Promise<void> {
    if (this.child?.exitCode === null && this.child.signalCode === null) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #ended(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    return new Promise((settle) => {
      if (child === null || child.exitCode !== null || child.signalCode !== null) {
        settle();
        return;
      }
      child.once('close', () => settle());
      child.kill(signal);
    });
  }
}

/** A call of the control plane's API. */
export async function api<T>(running: Running, path: string, body?: object): Promise<T> {
  const answer = await fetch(running.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${running.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

/** A registered agent's fresh key. */
export async function agentKey(running: Running, name: string): Promise<string> {
  await api(running, '/v1/agents', { name, owner: 'ana@example.org', purpose: 'a test' });
  return (await api<{ secret: string }>(running, `/v1/agents/${name}/keys`, {})).secret;
}
