import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generatedDocs, settingsTables } from '../../scripts/docs.ts';
import { errorCodes } from '../../src/kernel/index.ts';
import { configJsonSchema, loadConfig } from '../../src/surface/index.ts';

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

test('every YAML block of the configuration page that is a configuration loads', () => {
  const blocks = read('docs/configuration.md').matchAll(/^```yaml\n([\s\S]*?)^```/gm);
  const loaded = [...blocks]
    .map(([, text = '']) => text)
    .filter((text) => /^(upstreams|gateway|identity|models: *$|models:\n)/m.test(text))
    .filter((text) => !text.startsWith('models: ['))
    .map((text) => loadConfig(text, 'docs/configuration.md', {}));
  assert.ok(loaded.length >= 5);
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
