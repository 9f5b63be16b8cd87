import type { Layout } from './layout.ts';

/**
 * The settings of the embedded server, for a small machine that must not lose a commit. They stand
 * on the command line, so that an update of Gatehouse brings its own.
 *
 * `disposable` gives up durability for speed: a test's server, never a product's.
 */
export function settings(layout: Layout, disposable: boolean): readonly string[] {
  const all: Record<string, string> = {
    // No TCP: the socket's folder and the password are the only way in.
    listen_addresses: '',
    unix_socket_directories: layout.socket,
    unix_socket_permissions: '0700',
    port: '5432',
    max_connections: disposable ? '400' : '100',
    shared_buffers: '64MB',
    max_wal_size: '512MB',
    // A handful of connections gains nothing from helpers, and each of them costs memory.
    io_method: 'sync',
    jit: 'off',
    max_parallel_workers_per_gather: '0',
    fsync: disposable ? 'off' : 'on',
    synchronous_commit: disposable ? 'off' : 'on',
    full_page_writes: disposable ? 'off' : 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'on',
    log_directory: layout.log,
    // A week of days, each of which overwrites the same day of the last week.
    log_filename: 'postgresql-%a.log',
    log_rotation_age: '1d',
    log_rotation_size: '0',
    log_truncate_on_rotation: 'on',
    log_checkpoints: 'off',
    // Rows and statements may hold content: neither belongs in a log file.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    cluster_name: 'gatehouse',
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
