// `.env` in the folder where a program starts: what it gives to `npm start`, doctor and admin, and what it gives to Docker Compose.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../src/config/config.ts';
import { withEnvFile } from '../../src/config/env-file.ts';
import { start } from '../programs.ts';

const EXAMPLE = fileURLToPath(new URL('../../.env.example', import.meta.url));

/** A new working directory for this process. */
function enter(t: TestContext): string {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'bridge-env-'));
  process.chdir(folder);
  t.after(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

describe('the file .env', () => {
  it('adds its variables to the environment, where those that are set count, even if they are empty', (t) => {
    enter(t);
    assert.deepEqual(withEnvFile({ PORT: '1' }), { PORT: '1' });
    writeFileSync('.env', '# a comment\nPORT=2\nHOST="::1"\nSCOPES=repo\n');
    assert.deepEqual(withEnvFile({ PORT: '1', SCOPES: '' }), { PORT: '1', HOST: '::1', SCOPES: '' });
    // As some editors on Windows write it.
    writeFileSync('.env', '\uFEFFPORT=2\r\nexport HOST=::1\r\n');
    assert.deepEqual(withEnvFile({}), { PORT: '2', HOST: '::1' });
  });

  it('is refused with the number of the first line that sets nothing, in whatever form', (t) => {
    enter(t);
    for (const line of ['PORT', 'PORT 8001', '=8001', '  PORT: 8001', 'export PORT']) {
      writeFileSync('.env', `# a comment\n\nHOST=::1\n${line}\nSCOPES\n`);
      assert.throws(() => withEnvFile({}), {
        name: 'ConfigurationError',
        message: /\.env: line 4 is no NAME=value\. Correct it, or begin it with #\./,
      });
    }
    writeFileSync('.env', ' # a comment\r\n\t\r\n  HOST = ::1\r\nSCOPES=\r\n');
    assert.deepEqual(withEnvFile({}), { HOST: '::1', SCOPES: '' });
  });

  it('may have values of several lines, in quotation marks', (t) => {
    enter(t);
    writeFileSync('.env', 'OPERATOR_NAME="one\ntwo"\nPORT=1\n');
    assert.deepEqual(withEnvFile({}), { OPERATOR_NAME: 'one\ntwo', PORT: '1' });
  });

  it('can be the file that is made of .env.example for Docker Compose', (t) => {
    enter(t);
    copyFileSync(EXAMPLE, '.env');
    const filled = { GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' };
    assert.deepEqual(readConfig(withEnvFile(filled)), readConfig(filled));
    // The port of the compose file is none of the bridge.
    writeFileSync('.env', 'GITHUB_CLIENT_ID=id\nGITHUB_CLIENT_SECRET=secret\nBRIDGE_PORT=8001\n');
    assert.equal(readConfig(withEnvFile({})).port, 8000);
  });

  it('is read by npm start, doctor and admin, with the same complaints as for the environment', async (t) => {
    const cwd = enter(t);
    writeFileSync('.env', 'GITHUB_CLIENT_ID=id\nGITHUB_CLIENT_SECRETS=misspelled\nPORT=many\n');
    const ends = await Promise.all([
      start('main.ts', {}, [], { cwd }).ended,
      start('doctor/main.ts', {}, [], { cwd }).ended,
      start('admin/main.ts', {}, ['stats'], { cwd }).ended,
    ]);
    assert.deepEqual(
      ends.map(({ code }) => code),
      [2, 1, 2],
    );
    for (const { stdout, stderr } of ends) {
      assert.match(stdout + stderr, /GITHUB_CLIENT_SECRETS: .*GITHUB_CLIENT_SECRET\b/);
      assert.match(stdout + stderr, /PORT: /);
      assert.doesNotMatch(stdout + stderr, /GITHUB_CLIENT_ID: missing/);
    }
  });

  it('stops them with one line and exit code 2 when it is there and cannot be read', async (t) => {
    const cwd = enter(t);
    mkdirSync('.env');
    const line = /\.env: the file cannot be read \(EISDIR\)\. Let this process read it, or remove it\.\n$/;
    const [main, doctor, admin] = await Promise.all([
      start('main.ts', {}, [], { cwd }).ended,
      start('doctor/main.ts', {}, [], { cwd }).ended,
      start('admin/main.ts', {}, ['stats'], { cwd }).ended,
    ]);
    for (const { code } of [main, doctor, admin]) assert.equal(code, 2);
    assert.match(main.stderr, new RegExp(`^mcp-github-bridge cannot start:\\n {2}${line.source}`));
    assert.match(doctor.stdout, new RegExp(`^problem {2}${line.source}`));
    assert.match(admin.stderr, new RegExp(`^${line.source}`));
  });
});
