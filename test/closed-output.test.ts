// `| head`: nobody reads the output any more. A server goes on serving, a command ends as ever; nothing shows a stack.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMPILED, NO_ENV_FILE } from './programs.ts';
import { freePort } from './support/ports.ts';
import { until } from './support/until.ts';

describe('a program whose output nobody reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-closed-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts a program of the repository, and closes the reading end of its standard output. */
  function unread(file: string, args: readonly string[], env: Record<string, string>) {
    const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], {
      cwd: NO_ENV_FILE,
      env: { ...COMPILED, DATA_DIR: mkdtempSync(join(folder, 'data-')), ...env },
    });
    child.stdout.destroy();
    const ended = Promise.all([once(child, 'exit'), text(child.stderr)]).then(([[code], stderr]) => ({ code, stderr }));
    return { child, ended };
  }
  const APP = { GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y' };

  for (const [file, notice] of [
    ['src/main.ts', /^standard output is closed: .*the bridge goes on serving\n$/],
    ['demo/main.ts', /^standard output is closed: the demo goes on; Ctrl-C stops it\n$/],
  ] as const)
    it(`${file} goes on serving, and says so once`, async () => {
      const port = await freePort();
      const env = { PORT: String(port), DEMO_GITHUB_PORT: String(await freePort()), LOG_LEVEL: 'info', ...APP };
      const { child, ended } = unread(file, [], env);
      const answer = async () => (await fetch(`http://localhost:${port}/`).catch(() => undefined))?.status;
      await until(async () => child.exitCode !== null || (await answer()) === 200, { what: file });
      // Each is logged.
      for (let each = 0; each < 5; each++) assert.equal(await answer(), 200);
      child.kill('SIGTERM');
      const { code, stderr } = await ended;
      assert.equal(code, 0);
      assert.match(stderr, notice);
    });

  it('the doctor ends quietly, with its exit code', async () => {
    assert.deepEqual(await unread('src/doctor/main.ts', [], { GITHUB_CLIENT_ID: 'x' }).ended, { code: 1, stderr: '' });
  });

  it('the admin program ends quietly', async () => {
    assert.deepEqual(await unread('src/admin/main.ts', ['--help'], {}).ended, { code: 0, stderr: '' });
  });
});
