import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** True if the system knows a process of this id, whoever owns it, be it only a zombie. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True if a process of this id runs. A zombie does not run. */
export function alive(pid: number): boolean {
  return exists(pid) && commandOf(pid) !== '';
}

/** The command line of a process, or nothing where there is none (a zombie has none either). */
export function commandOf(pid: number): string {
  try {
    if (process.platform === 'linux') {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    }
    const args = ['-o', 'command=', '-p', String(pid)];
    return execFileSync('ps', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}
