import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * From `npm start` to the first answer of the control plane, on a data folder of its own: the first
 * start there, then warm ones. `node bench/start.ts [TIMES]`, on the Node that is to be measured.
 */
const root = resolve(import.meta.dirname, '..');
const data = mkdtempSync(join(tmpdir(), 'gatehouse-bench-start-'));
const env = {
  ...process.env,
  GATEHOUSE_DATA: data,
  GATEHOUSE_GATEWAY__LISTEN: '127.0.0.1:0',
  GATEHOUSE_CONTROL__LISTEN: '127.0.0.1:0',
};

async function once(): Promise<number> {
  const begun = performance.now();
  const before = control()?.pid;
  const child = spawn('npm', ['start', '--', '--no-tour'], { cwd: root, env, stdio: 'ignore' });
  const ended = new Promise((done) => child.once('close', done));
  for (;;) {
    const word = control();
    if (word !== null && word.pid !== before) {
      const answers = await fetch(`${word.url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (answers) {
        const seconds = (performance.now() - begun) / 1000;
        process.kill(word.pid, 'SIGTERM');
        await ended;
        return seconds;
      }
    }
    await sleep(5);
  }
}

function control(): { readonly pid: number; readonly url: string } | null {
  try {
    return JSON.parse(readFileSync(join(data, 'control.json'), 'utf8'));
  } catch {
    return null;
  }
}

const times = Number(process.argv[2] ?? 5);
try {
  process.stdout.write(`first start on new data: ${(await once()).toFixed(2)} s\n`);
  for (let i = 0; i < times; i++) process.stdout.write(`warm: ${(await once()).toFixed(2)} s\n`);
} finally {
  rmSync(data, { recursive: true, force: true });
}
