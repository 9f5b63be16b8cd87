import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generatedDocs, settingsTables } from '../../scripts/docs.ts';
import { refusePlainOffLoopback } from '../../src/gateway/index.ts';
import { errorCodes } from '../../src/kernel/index.ts';
import { openPins } from '../../src/registry/index.ts';
import { configJsonSchema, loadConfig } from '../../src/surface/index.ts';
import { openUpstreams } from '../../src/upstream/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...globSync('docs/**/*.md', { cwd: root }),
];
const read = (path: string) => readFileSync(join(root, path), 'utf8');

for (const [path, text] of generatedDocs()) {
  test(`${path} is what the source says`, () => {
    assert.ok(
      read(path) === text,
      `${path} is stale; run \`node scripts/docs.ts\` and look at the change`,
    );
  });
}

test('every setting says what it means', () => {
  const silent = settingsTables(configJsonSchema()).match(/^\| `[^|]*\|[^|]*\| *\|$/gm);
  assert.equal(silent, null, 'give it a `.describe()` in src/surface/config/schema.ts');
});

test('docs/gateway.md has every error code with its status', () => {
  const rows = read('docs/gateway.md').split('\n');
  for (const [code, [, status]] of Object.entries(errorCodes)) {
    const row = rows.find((line) => line.startsWith(`| \`${code}\` `));
    assert.ok(
      row?.includes(` ${status} `),
      `docs/gateway.md has no row \`${code}\` with ${status}`,
    );
  }
});

test('every configuration that the pages show is one that starts', async () => {
  const blocks = ['README.md', 'docs/configuration.md'].flatMap((page) =>
    [...read(page).matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => text),
  );
  const whole = blocks.filter((text) => /^(upstreams|gateway|identity|models):$/m.test(text));
  assert.ok(whole.length >= 6);
  for (const text of whole) {
    const { gateway, models, upstreams } = loadConfig(text, 'a page', {});
    assert.doesNotThrow(() => openPins(models), text);
    const listen = gateway.listen.replace(/:\d+$/, '');
    refusePlainOffLoopback({
      ...{ host: listen, port: 0, headersMs: 1, requestMs: 1, connections: 1 },
      ...{ hosts: gateway.hosts, behindTlsProxy: gateway.behindTlsProxy },
      tls: gateway.tls,
    });
    const definitions = Object.entries(upstreams).map(
      ([name, { key: _, url = '', auth = 'bearer', script: __, ...rest }]) => {
        return { ...rest, name, url, auth };
      },
    );
    const quiet = { clock: { now: () => 0, after: () => () => {} }, random: () => 0, log() {} };
    await openUpstreams({ definitions, ...quiet }).close();
  }
});

test('links between the pages lead somewhere', () => {
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      assert.ok(existsSync(join(root, path)), `${page} links to \`${target}\`, which is not there`);
      if (anchor === undefined) continue;
      assert.ok(anchors(read(path)).includes(anchor), `${page}: \`${path}\` has no \`#${anchor}\``);
    }
  }
});

/** The anchors of a page as GitHub makes them from headings. */
function anchors(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
