// `npm run dev`, in a copy of the repository: each change is served soon, from the same port and the same store.
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Program, startProgram } from '../programs.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function copy(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-dev-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['src', 'templates', 'demo', 'tools', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function dev(t: TestContext, cwd: string, args: readonly string[], env: Record<string, string> = {}): Program {
  const program = startProgram(process.execPath, [join(cwd, 'tools', 'dev.ts'), ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', LOG_LEVEL: 'silent', ...env },
  });
  t.after(async () => {
    program.child.kill('SIGTERM');
    await program.ended;
  });
  return program;
}

/** Replaces all occurrences of a text in a file. */
function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  assert.ok(text.includes(from), `${path} has no "${from}"`);
  writeFileSync(path, text.replaceAll(from, to));
}

/** Waits until a page has a text. */
async function shown(url: string, words: string): Promise<void> {
  await until(async () => (await (await fetch(url)).text()).includes(words), { what: `"${words}" at ${url}` });
}

describe('npm run dev', () => {
  it('starts the bridge again when a template, a source file or .env changes', async (t) => {
    const folder = copy(t);
    const [port, next] = [await freePort(), await freePort()];
    const envFile = (port: number) => `GITHUB_CLIENT_ID=id\nGITHUB_CLIENT_SECRET=secret\nPORT=${port}\n`;
    writeFileSync(join(folder, '.env'), envFile(port));
    const { child, ended } = dev(t, folder, []);
    await shown(`http://localhost:${port}/readyz`, '"ok"');

    appendFileSync(join(folder, 'templates', 'landing.eta'), '<p>changed template</p>\n');
    await shown(`http://localhost:${port}/`, 'changed template');

    edit(join(folder, 'src', 'app.ts'), "status: 'ok'", "status: 'changed source'");
    await shown(`http://localhost:${port}/readyz`, 'changed source');

    writeFileSync(join(folder, '.env'), envFile(next));
    await shown(`http://localhost:${next}/readyz`, 'changed source');
    child.kill('SIGTERM');
    // No start found the port or the store still taken.
    assert.partialDeepStrictEqual(await ended, { code: 0, stderr: '' });
  });

  it('has the simulated GitHub with --demo', async (t) => {
    const [port, githubPort] = [await freePort(), await freePort()];
    const folder = copy(t);
    dev(t, folder, ['--demo'], { PORT: String(port), DEMO_GITHUB_PORT: String(githubPort) });
    await shown(`http://localhost:${port}/readyz`, '"ok"');
    edit(join(folder, 'demo', 'github', 'server.ts'), 'It is up.', 'It is changed.');
    await shown(`http://localhost:${githubPort}/`, 'It is changed.');
  });
});
