// `npm start`: says where everything is, stops on a signal, and tells the operator in one line why it cannot start. A
// configuration that cannot be used is in test/config.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Program, start } from './programs.ts';
import { freePort } from './support/ports.ts';

describe('npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-main-'));
  const programs: Program[] = [];
  after(async () => {
    for (const { child, ended } of programs) {
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (port: number) => {
    const env = { GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y', DATA_DIR: folder, PORT: String(port) };
    const program = start('main.ts', { ...env, LOG_LEVEL: 'silent' });
    programs.push(program);
    return program;
  };

  it('says where everything is, serves, and exits with 0 on SIGTERM', async () => {
    const port = await freePort();
    const { child, ended } = run(port);
    assert.ok(child.stdout);
    await Promise.race([once(child.stdout, 'data'), ended]);
    assert.equal((await fetch(`http://localhost:${port}/healthz`)).status, 200);

    const second = await run(await freePort()).ended;
    assert.equal(second.code, 1);
    assert.match(second.stderr, /^mcp-github-bridge cannot start: another process serves from .*\n$/);

    child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.ok(stdout.includes(`http://localhost:${port}/mcp`));
  });
});
