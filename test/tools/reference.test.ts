// docs/api is what `npm run docs:api` makes of the doc comments of today, and each public name and member has one.
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../programs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    globSync('**/*.md', { cwd: folder }).map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
}

it('the reference of the package is complete and up to date: otherwise run `npm run docs:api`', async (t) => {
  const made = mkdtempSync(join(tmpdir(), 'bridge-reference-'));
  t.after(() => rmSync(made, { recursive: true }));
  const args = [join(ROOT, 'tools', 'reference.ts'), made];
  const env = { PATH: process.env.PATH ?? '', NO_COLOR: '1' };
  const { code, stdout, stderr } = await startProgram(process.execPath, args, { cwd: ROOT, env }).ended;
  assert.equal(code, 0, stdout + stderr);
  assert.deepEqual(contents(join(ROOT, 'docs', 'api')), contents(made));
});
