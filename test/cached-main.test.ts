// The entry of `npm start`: Node's compile cache, at a place that is as safe as the code itself. What it starts is in
// test/main.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NO_ENV_FILE, startProgram } from './programs.ts';

const ENTRY = fileURLToPath(new URL('../src/cached-main.js', import.meta.url));

describe('the entry of npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-cached-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const compiled = fileURLToPath(new URL('../node_modules/.cache/compiled/', import.meta.url));
  // Without a configuration it ends when everything has been loaded; TMPDIR is where Node would keep the cache otherwise.
  const env = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE', TMPDIR: folder };
  const run = () => startProgram(process.execPath, [ENTRY], { cwd: NO_ENV_FILE, env }).ended;

  const lineOf = (stderr: string, file: string) =>
    stderr.split('\n').find((each) => each.includes(`/src/${file}...`) && each.includes('reading cache'));

  it('finds at its second start what the first one compiled, beside the libraries', async () => {
    const first = await run();
    assert.equal(first.code, 2);
    assert.match(first.stderr, /mcp-github-bridge cannot start/);
    // Bridges of other tests write the same cache meanwhile, and one may then be in the middle of it.
    let { code, stderr } = await run();
    if (!['main.ts', 'app.ts', 'wiring.ts'].every((file) => lineOf(stderr, file)?.includes('success')))
      ({ code, stderr } = await run());
    assert.equal(code, 2);
    for (const file of ['main.ts', 'app.ts', 'wiring.ts']) {
      const line = lineOf(stderr, file);
      assert.ok(line?.includes(`reading cache from ${compiled}`) && line.includes('success'), `${file}: ${line}`);
    }
  });
});
