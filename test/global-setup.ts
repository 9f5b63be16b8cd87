import { joinServer, type SharedServer } from './server.ts';

// For `node --test --test-global-setup=test/global-setup.ts`: keeps the tests' server up from the
// first file to the last, and ends it with the run.

let server: SharedServer | undefined;

export async function globalSetup(): Promise<void> {
  server = await joinServer();
}

export async function globalTeardown(): Promise<void> {
  await server?.release();
}
