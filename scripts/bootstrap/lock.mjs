import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const heartbeat = 1_000;
// A live owner touches its lock every second. Two minutes without: its process id is another's now.
const forgotten = 120_000;
const unreadable = 10_000;

/**
 * Runs `work` while holding the lock at `path`; a second process waits for the first to finish.
 * A lock whose owner is gone is broken.
 *
 * @template T
 * @param {string} path
 * @param {(owner: string) => void} waiting told once, with the owner's process id, if there is a wait
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, waiting, work) {
  const claim = JSON.stringify({ pid: process.pid, host: hostname(), at: Date.now() });
  for (let told = false; !take(path, claim); ) {
    if (isStale(path)) {
      breakStale(path);
      continue;
    }
    if (!told) waiting(String(owner(path)?.pid ?? 'unknown'));
    told = true;
    await sleep(200);
  }
  const release = () => {
    if (read(path) === claim) rmSync(path, { force: true });
  };
  process.once('exit', release);
  const beat = setInterval(() => touch(path), heartbeat);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    process.off('exit', release);
    release();
  }
}

/** @param {string} path @param {string} claim */
function take(path, claim) {
  try {
    writeFileSync(path, claim, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} path */
function isStale(path) {
  const since = age(path);
  if (since === undefined) return false;
  const by = owner(path);
  if (by === undefined) return since > unreadable;
  if (since > forgotten) return true;
  return by.host === hostname() && !isAlive(by.pid);
}

// Two may find the same lock stale; the second must not remove the lock that the first then took.
// INVARIANT: a lock is removed as stale only by the holder of `.break`, after looking again.
/** @param {string} path */
function breakStale(path) {
  const guard = `${path}.break`;
  if (!take(guard, '')) {
    if ((age(guard) ?? 0) > unreadable) rmSync(guard, { force: true });
    return;
  }
  try {
    if (isStale(path)) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

/** @param {string} path @returns {{ pid: number, host: string } | undefined} */
function owner(path) {
  try {
    const { pid, host } = JSON.parse(read(path) ?? '');
    return Number.isInteger(pid) && typeof host === 'string' ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} path */
function age(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : Date.now() - stat.mtimeMs;
}

/** @param {string} path */
function touch(path) {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Removed by hand: the work goes on, a second set-up may start beside it.
  }
}
