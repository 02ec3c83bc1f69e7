// `npm run doctor`, as a program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSimulatedGitHub } from '../../demo/github/index.ts';
import { NO_ENV_FILE } from '../programs.ts';
import { freePort } from '../support/ports.ts';
import { runBridge } from '../support/run-bridge.ts';
import { until } from '../support/until.ts';
import { run } from './fixtures.ts';

const MAIN = fileURLToPath(new URL('../../src/doctor/main.ts', import.meta.url));

describe('npm run doctor', () => {
  it('prints one line for each check, and exits with 1 when one found a problem', async () => {
    const { code, stdout } = await run({ GITHUB_CLIENT_ID: 'id' });
    assert.equal(code, 1);
    assert.match(stdout, /^problem {2}GITHUB_CLIENT_SECRET: missing\. .*\n$/);
  });

  it('prints one JSON document with --json, with the same exit code', async () => {
    const { code, stdout, stderr } = await run({ GITHUB_CLIENT_ID: 'id' }, '--json');
    const { findings }: { findings: Record<string, string>[] } = JSON.parse(stdout);
    assert.deepEqual(
      findings.map(({ check, level, text }) => ({ check, level, text })),
      [{ check: 'GITHUB_CLIENT_SECRET', level: 'problem', text: 'missing' }],
    );
    assert.match(findings[0]?.remedy ?? '', /^Create an OAuth App/);
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
  });

  it('says how it is used, and refuses with 2 what it does not know', async () => {
    const help = await run({}, '--help');
    assert.deepEqual([help.code, help.stderr], [0, '']);
    assert.match(help.stdout, /^usage: npm run doctor -- \[--json\]\n/);
    for (const wrong of ['--jsno', 'store', '--json=yes']) {
      const { code, stdout, stderr } = await run({}, wrong);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr, /^doctor: .+\n\nusage: npm run doctor/);
      assert.ok(stderr.endsWith(help.stdout));
    }
  });

  it('shows on a terminal what it waits for, and says after Ctrl-C where it stopped', async () => {
    // It takes the request and never answers.
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const env = {
      ...{ PATH: process.env.PATH ?? '', GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y' },
      ...{ GITHUB_URL: `http://127.0.0.1:${port}`, PORT: String(await freePort()), DATA_DIR: tmpdir() },
    };
    // What is typed at the pseudo terminal of `script` comes from its standard input.
    const child = spawn('script', ['-qefc', `exec ${process.execPath} ${MAIN}`, '/dev/null'], {
      cwd: NO_ENV_FILE,
      env,
    });
    let seen = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      seen += text;
    });
    try {
      await until(() => /checking: GitHub app, GitHub API\s*$/.test(seen), { what: 'the progress' });
      child.stdin.write('\u0003');
      const [code] = await once(child, 'exit');
      assert.equal(code, 130, seen);
      assert.match(
        seen,
        /ok {7}configuration: complete; .*\r\n(?:.*\r\n)*interrupted; not finished: GitHub app, GitHub API\r\n$/,
      );
    } finally {
      child.kill('SIGKILL');
      silent.closeAllConnections();
      silent.close();
    }
  });

  it('exits with 0 when no check found a problem', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'doctor-test-'));
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const github = createSimulatedGitHub({
      apps: [
        {
          kind: 'github-app',
          name: 'x',
          clientId: 'Iv1.x',
          clientSecret: 'y',
          callbackUrls: [`${url}/github/callback`],
        },
      ],
    });
    const env = {
      GITHUB_CLIENT_ID: 'Iv1.x',
      GITHUB_CLIENT_SECRET: 'y',
      GITHUB_URL: await github.listen(),
      PUBLIC_URL: url,
      PORT: String(port),
      DATA_DIR: directory,
    };
    const bridge = await runBridge(env);
    try {
      const { code, stdout } = await run(env);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /^(ok {7}.*\n)+$/);
    } finally {
      await bridge.close();
      await github.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
