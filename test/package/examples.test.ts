// The examples, as somebody has them who installed the package: a folder for each, with its framework and no other; compiled
// strictly, libraries' declarations included; started; logged in to by an SDK client, which calls a tool that writes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { startProgram } from '../programs.ts';
import { connect } from '../support/oauth.ts';
import { Person } from '../support/person.ts';
import { freePort } from '../support/ports.ts';
import { connectV2, UnauthorizedError } from '../support/sdk-clients.ts';
import { until } from '../support/until.ts';
import { type Example, own, project } from './project.ts';

/** Runs a compiled example until the test is over. @returns the address of its bridge, when it answers */
async function run(t: TestContext, folder: string, name: string): Promise<{ url: string; github: SimulatedGitHub }> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const app = { clientId: 'example', clientSecret: 'the secret of the example' };
  const github = createSimulatedGitHub({
    apps: [{ kind: 'oauth-app', name: 'Example', ...app, callbackUrls: [`${url}/github/callback`] }],
  });
  const program = startProgram(process.execPath, [join('out', `${name}.js`)], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? '',
      GITHUB_CLIENT_ID: app.clientId,
      GITHUB_CLIENT_SECRET: app.clientSecret,
      GITHUB_URL: await github.listen(),
      PORT: String(port),
      LOG_LEVEL: 'warn',
    },
  });
  t.after(async () => {
    program.child.kill('SIGTERM');
    // What closed everything ends by itself.
    const { code, stdout, stderr } = await program.ended;
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    await github.close();
  });
  await until(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true, {
    what: `examples/${name}.ts to answer`,
    timeout: 20_000,
  });
  return { url, github };
}

const EXAMPLES: readonly Example[] = [
  { name: 'node', libraries: [], others: ['issues'] },
  { name: 'express', libraries: ['express@5', '@types/express@5'], others: ['issues'] },
  { name: 'hono', libraries: ['hono@4', '@hono/node-server@2'], others: ['issues'] },
  { name: 'koa', libraries: [own('koa'), own('@types/koa')], others: ['issues'] },
  { name: 'tool', libraries: [], others: [] },
];

describe('the examples', () => {
  for (const example of EXAMPLES) {
    const { name, libraries } = example;
    it(`${name}.ts compiles, starts, logs in and writes`, async (t) => {
      const folder = await project(t, example);
      const { url, github } = await run(t, folder, name);
      const { client, finish } = await connectV2(url, 'Streamable HTTP', 'auto', new Person('octocat'));
      const issues = () => github.account('octocat').repositories?.find((each) => each.name === 'Hello-World')?.issues;
      const before = issues()?.length ?? 0;
      const call = {
        name: 'open_issue',
        arguments: { owner: 'octocat', repo: 'Hello-World', title: `From ${name}` },
      };
      // The token lacks the scope at first: the client sends the person to allow it, and calls again.
      await assert.rejects(client.callTool(call), UnauthorizedError);
      assert.equal(issues()?.length, before);
      await finish();
      const result = await client.callTool(call);
      assert.notEqual(result.isError, true, JSON.stringify(result));
      assert.equal(issues()?.length, before + 1);
      assert.equal(issues()?.at(-1)?.title, `From ${name}`);
      await client.close();
      if (libraries.length === 0) return;

      const { tokens } = await connect(url);
      const authorization = `Bearer ${tokens.access_token}`;
      const me = await fetch(`${url}/api/me`, { headers: { authorization } });
      assert.deepEqual(await me.json(), { login: 'octocat', scopes: ['read:user'] });
      const refused = await fetch(`${url}/api/me`);
      assert.equal(refused.status, 401);
      assert.match(refused.headers.get('www-authenticate') ?? '', /resource_metadata="/);
    });
  }
});
