import { cutStreams } from '../test/product/cut-streams.ts';
import { databaseName, joinServer } from '../test/server.ts';

/**
 * From the order to stop an agent to the last byte of the stream that it was reading, with several
 * gateway processes on one PostgreSQL: `node bench/revocation.ts [PROCESSES] [STREAMS_PER_PROCESS]`.
 */
const processes = Number(process.argv[2] ?? 4);
const perProcess = Number(process.argv[3] ?? 50);
const server = await joinServer();
const name = databaseName();
await server.run(`create database ${name}`);
const database = {
  url: server.url(name),
  drop: () => server.run(`drop database if exists ${name} with (force)`),
};
const cuts = await cutStreams(processes, perProcess, database);
await server.release();
const times = cuts.map(({ ms }) => ms).sort((a, b) => a - b);
const at = (share: number) => (times[Math.ceil(times.length * share) - 1] ?? 0).toFixed(1);
const cut = cuts.filter(({ last }) => last.includes('disabled')).length;
process.stdout.write(
  `${processes} processes, ${times.length} streams: ${cut} cut; ` +
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms\n`,
);
