// `npm run doctor`, as a program.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createSimulatedGitHub } from '../../demo/github/index.ts';
import { freePort } from '../support/ports.ts';
import { runBridge } from '../support/run-bridge.ts';
import { run } from './fixtures.ts';

describe('npm run doctor', () => {
  it('prints one line for each check, and exits with 1 when one found a problem', async () => {
    const { code, stdout } = await run({ GITHUB_CLIENT_ID: 'id' });
    assert.equal(code, 1);
    assert.match(stdout, /^problem {2}GITHUB_CLIENT_SECRET: missing\. .*\n$/);
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
