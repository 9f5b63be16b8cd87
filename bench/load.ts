import { Client } from 'undici';

/**
 * Drives one target with a fixed number of connections, each with one request under way, and sends
 * back what it saw. Its own process, so that its work is not counted as the target's.
 */
export interface Load {
  readonly url: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
  readonly warmSeconds: number;
}

export interface Seen {
  readonly requests: number;
  readonly failures: number;
  readonly firstFailure: string;
  readonly seconds: number;
  /** Milliseconds, sorted. */
  readonly total: readonly number[];
  /** Milliseconds until the first byte of the answer's body, sorted. */
  readonly first: readonly number[];
}

interface Shot {
  readonly ok: boolean;
  readonly total: number;
  readonly first: number;
  readonly why: string;
}

function once(client: Client, load: Load): Promise<Shot> {
  const begun = performance.now();
  let first = 0;
  let status = 0;
  let tail = '';
  return new Promise((resolve) => {
    const end = (ok: boolean, why: string) => {
      resolve({ ok, total: performance.now() - begun, first, why });
    };
    client.dispatch(
      { path: load.path, method: 'POST', headers: load.headers, body: load.body },
      {
        onRequestStart() {},
        onResponseStart(_, code) {
          status = code;
        },
        onResponseData(_, chunk) {
          if (first === 0) first = performance.now() - begun;
          if (status !== 200) tail = chunk.toString('utf8').slice(0, 300);
        },
        onResponseEnd() {
          end(status === 200, `${status} ${tail}`);
        },
        onResponseError(_, error) {
          end(false, error.message);
        },
      },
    );
  });
}

async function drive(load: Load): Promise<Seen> {
  const shots: Shot[] = [];
  const clients = Array.from({ length: load.connections }, () => new Client(load.url));
  const opened = performance.now() + load.warmSeconds * 1000;
  const until = opened + load.seconds * 1000;
  const worker = async (client: Client) => {
    while (performance.now() < until) {
      const shot = await once(client, load);
      if (performance.now() >= opened) shots.push(shot);
      if (!shot.ok) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  setTimeout(() => process.send?.({ warm: true }), load.warmSeconds * 1000);
  await Promise.all(clients.map(worker));
  const seconds = (performance.now() - opened) / 1000;
  await Promise.all(clients.map((client) => client.destroy()));
  const good = shots.filter(({ ok }) => ok);
  const sorted = (pick: (shot: Shot) => number) => good.map(pick).sort((a, b) => a - b);
  const bad = shots.find(({ ok }) => !ok);
  return {
    requests: good.length,
    failures: shots.length - good.length,
    firstFailure: bad?.why ?? '',
    seconds,
    total: sorted(({ total }) => total),
    first: sorted(({ first }) => first),
  };
}

process.on('message', (load: Load) => {
  drive(load).then((seen) => process.send?.({ seen }));
});
