// Runs a file of this checkout on a suitable Node, with the dependencies of the lockfile in place:
//
//   node scripts/bootstrap.mjs src/main.ts start
//
// This file and its folder import nothing but Node, and this file must parse on any Node.
const [major] = process.versions.node.split('.');

if (Number(major) < 20) {
  process.stderr.write(
    `gatehouse: Node ${process.version} is too old; install Node 20 or newer (https://nodejs.org)\n`,
  );
  process.exitCode = 1;
} else {
  import('./bootstrap/launch.mjs').then(({ launch }) =>
    launch(process.argv[2], process.argv.slice(3)),
  );
}
