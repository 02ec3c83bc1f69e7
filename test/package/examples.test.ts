// The examples, as somebody has them who installed the package: a folder for each framework, with no other; compiled
// strictly, libraries' declarations included; started; logged in to by an SDK client, which calls a tool that writes.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { startProgram } from '../programs.ts';
import { connect } from '../support/oauth.ts';
import { Person } from '../support/person.ts';
import { freePort } from '../support/ports.ts';
import { connectV2, UnauthorizedError } from '../support/sdk-clients.ts';
import { until } from '../support/until.ts';
import { compiled, own, type Project } from './project.ts';

/** Milliseconds for npm and the compiler, which a busy machine makes wait for its disk. */
const COMPILATION = { timeout: 300_000 };
/** Milliseconds; a program that ends is not waited for. */
const START_PATIENCE = 60_000;

/** Runs a compiled example until the test is over. @returns the address of its bridge, when it answers */
async function run(t: TestContext, folder: string, name: string): Promise<{ url: string; github: SimulatedGitHub }> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const app = { clientId: 'example', clientSecret: 'the secret of the example' };
  const github = createSimulatedGitHub({
    apps: [{ kind: 'oauth-app', name: 'Example', ...app, callbackUrls: [`${url}/github/callback`] }],
  });
  const program = startProgram(process.execPath, [join(folder, 'out', name, `${name}.js`)], {
    // Where it makes its store.
    cwd: join(folder, name),
    env: {
      PATH: process.env.PATH ?? '',
      GITHUB_CLIENT_ID: app.clientId,
      GITHUB_CLIENT_SECRET: app.clientSecret,
      GITHUB_URL: await github.listen(),
      PORT: String(port),
      LOG_LEVEL: 'warn',
    },
  });
  t.after(() => github.close());
  t.after(async () => {
    program.child.kill('SIGTERM');
    // What closed everything ends by itself.
    const { code, stdout, stderr } = await program.ended;
    assert.equal(code, 0, `${stdout}\n${stderr}`);
  });
  const ready = until(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true, {
    what: `examples/${name}.ts to answer`,
    timeout: START_PATIENCE,
  });
  await Promise.race([ready, program.ended.then(({ stderr }) => assert.fail(`it ended: ${stderr}`))]);
  return { url, github };
}

/** Examples that need the same libraries share a project. */
const PROJECTS: readonly Project[] = [
  { programs: { node: ['issues'], tool: [] }, libraries: [] },
  { programs: { express: ['issues'] }, libraries: ['express@5', '@types/express@5'] },
  { programs: { hono: ['issues'] }, libraries: ['hono@4', '@hono/node-server@2'] },
  { programs: { koa: ['issues'] }, libraries: [own('koa'), own('@types/koa')], together: true },
];

for (const project of PROJECTS)
  describe(`of the examples, ${Object.keys(project.programs).join(' and ')}`, () => {
    let folder: string;
    before(async () => {
      folder = await compiled(project);
    }, COMPILATION);
    after(() => rmSync(folder, { recursive: true, force: true }));

    for (const name of Object.keys(project.programs))
      it(`${name}.ts compiles, starts, logs in and writes`, async (t) => {
        const { url, github } = await run(t, folder, name);
        const { client, finish } = await connectV2(url, 'Streamable HTTP', 'auto', new Person('octocat'));
        const issues = () =>
          github.account('octocat').repositories?.find((each) => each.name === 'Hello-World')?.issues;
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
        if (project.libraries.length === 0) return;

        const { tokens } = await connect(url);
        const authorization = `Bearer ${tokens.access_token}`;
        const me = await fetch(`${url}/api/me`, { headers: { authorization } });
        assert.deepEqual(await me.json(), { login: 'octocat', scopes: ['read:user'] });
        const refused = await fetch(`${url}/api/me`);
        assert.equal(refused.status, 401);
        assert.match(refused.headers.get('www-authenticate') ?? '', /resource_metadata="/);
      });
  });
