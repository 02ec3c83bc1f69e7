// `npm run test:docker`: starts docker-compose.yml with the simulated GitHub (docker-compose.demo.yml), logs in, and checks that
// the session survives restarts and new containers. The project, ports and volumes are new, and removed afterwards. Without a
// docker engine it says so and succeeds.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { callTool, connect, logIn, refreshing, tokenRequest, tokensOf } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { testScale } from './scale.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROJECT = `mcp-github-bridge-test-${process.pid}`;

const bridgePort = await freePort();
const issuer = `http://localhost:${bridgePort}`;
const env: NodeJS.ProcessEnv = {
  ...process.env,
  BRIDGE_PORT: String(bridgePort),
  DEMO_GITHUB_PORT: String(await freePort()),
  PUBLIC_URL: issuer,
  COMPOSE_PROJECT_NAME: PROJECT,
};
for (const name of ['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET', 'COMPOSE_FILE']) delete env[name];

function say(line: string): void {
  console.log(`[docker] ${line}`);
}

/** Runs `docker compose` on the demo and shows its output. @throws when it fails */
async function compose(...args: string[]): Promise<void> {
  const child = spawn('docker', ['compose', '--env-file', 'demo/compose.env', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`docker compose ${args.join(' ')} ended with exit code ${code}`);
}

/** Runs a command in a container. @returns what it printed */
async function inside(service: string, ...command: string[]): Promise<string> {
  const args = ['compose', '--env-file', 'demo/compose.env', 'exec', '-T', service, ...command];
  return (await run('docker', args, { cwd: ROOT, env })).stdout.trim();
}

/** Why nothing can be tested here; undefined when it can be. */
async function whyNot(): Promise<string | undefined> {
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}']);
    await run('docker', ['compose', 'version']);
    return undefined;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : '';
    return said || String(error);
  }
}

async function ready(): Promise<void> {
  await until(async () => (await fetch(`${issuer}/readyz`)).ok, { what: 'the bridge to be ready', timeout: 60_000 });
}

async function whoIs(accessToken: string): Promise<unknown> {
  const { status, result, text } = await callTool(issuer, accessToken, 'get_user_profile');
  assert.equal(status, 200, text);
  return result?.structuredContent?.login;
}

async function test(): Promise<void> {
  await assert.rejects(
    run('docker', ['compose', '--env-file', '/dev/null', '--file', 'docker-compose.yml', 'config'], { cwd: ROOT, env }),
    /GITHUB_CLIENT_(?:ID|SECRET).*create an OAuth App/,
  );
  say('without credentials it says what is missing');

  await compose('up', '--build', '--detach', '--wait');
  say(`up and healthy at ${issuer}`);

  const found = await inside(
    'bridge',
    'node',
    '-p',
    `const { existsSync, writeFileSync } = require('node:fs');
     let root = 'writable'; try { writeFileSync('/app/x', ''); } catch (error) { root = error.code; }
     JSON.stringify({ uid: process.getuid(), root, version: process.version.split('.')[0],
       extra: ['demo', 'test', 'node_modules/typescript', 'node_modules/playwright-core', 'node_modules/node'].filter((name) => existsSync('/app/' + name)) })`,
  );
  assert.deepEqual(JSON.parse(found), { uid: 1000, root: 'EROFS', version: 'v24', extra: [] });
  say('the image: Node 24, not root, nothing to write to, no demo, no tests, no development tools');

  const { client, tokens } = await connect(issuer, { login: 'monalisa' });
  assert.equal(await whoIs(tokens.access_token), 'monalisa');
  say('logged in through the simulated GitHub; get_user_profile answers monalisa');

  const resource = `${issuer}/mcp/github`;
  const behind = await logIn(issuer, client, { login: 'hubot', parameters: { resource } });
  const answer = await fetch(resource, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${behind.access_token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":{}}}',
  });
  assert.match(await answer.text(), /hubot/);
  say("GitHub's MCP server, simulated, answers through the bridge");

  assert.doesNotMatch(await inside('bridge', 'node', 'src/doctor/main.ts'), /problem/);
  assert.match(await inside('bridge', 'node', 'src/admin/main.ts', 'sessions', 'list'), /monalisa {2}Test client/);
  say('inside, the doctor finds nothing wrong, and the admin command lists the session');

  // The simulated GitHub is not restarted, because it keeps everything in memory.
  await compose('restart', 'bridge', 'redis');
  await ready();
  assert.equal(await whoIs(tokens.access_token), 'monalisa');
  const renewed = tokensOf(await tokenRequest(issuer, refreshing(client, tokens.refresh_token)));
  assert.equal(await whoIs(renewed.access_token), 'monalisa');
  say('after `docker compose restart` the same tokens work, and refresh');

  await compose('up', '--detach', '--wait', '--force-recreate', '--no-deps', 'bridge', 'redis');
  await ready();
  const again = tokensOf(await tokenRequest(issuer, refreshing(client, renewed.refresh_token)));
  assert.equal(await whoIs(again.access_token), 'monalisa');
  assert.equal(await whoIs((await logIn(issuer, client, { login: 'octocat' })).access_token), 'octocat');
  say('so they do after new containers on the old volumes; the client logs in again without a new registration');

  await compose('stop', 'bridge');
  const { stdout } = await run('docker', ['inspect', '--format', '{{.State.ExitCode}}', `${PROJECT}-bridge-1`]);
  assert.equal(stdout.trim(), '0');
  say('it stops when told, with exit code 0');
}

/** The compose file alone, as people use it, its secrets in files: nothing of it asks GitHub before somebody logs in. */
async function testInFrontOfGithub(): Promise<void> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'bridge-secrets-'));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  await chmod(folder, 0o755);
  const alone = [
    'compose',
    '--project-name',
    `${PROJECT}-github`,
    '--env-file',
    '/dev/null',
    '--file',
    'docker-compose.yml',
  ];
  const settings = {
    ...env,
    BRIDGE_PORT: String(port),
    PUBLIC_URL: `http://localhost:${port}`,
    GITHUB_CLIENT_ID: 'an-app',
    GITHUB_CLIENT_SECRET: '',
    GITHUB_CLIENT_SECRET_FILE: await file('client-secret', 'secret-of-the-app'),
    BRIDGE_SECRET_FILE: await file('bridge-secret', 'a secret of more than thirty-two bytes'),
    CLIENTS_FILE: await file('clients.json', '[]'),
    UPSTREAMS_FILE: await file('upstreams.json', '[{"name": "deploy", "url": "http://deploy:8080/mcp"}]'),
    MCP_UPSTREAMS: 'github',
  };
  try {
    const { stderr } = await run('docker', [...alone, 'config', '--quiet'], { cwd: ROOT, env: settings });
    assert.equal(stderr, '');
    await run('docker', [...alone, 'up', '--build', '--detach', '--wait'], { cwd: ROOT, env: settings });
    const metadata = await fetch(`http://localhost:${port}/.well-known/oauth-protected-resource/mcp/github`);
    assert.equal(z.object({ resource_name: z.string() }).parse(await metadata.json()).resource_name, 'GitHub');
    const { stdout } = await run('docker', [...alone, 'logs', 'bridge'], { cwd: ROOT, env: settings });
    assert.match(stdout, /\/mcp\/github → api\.githubcopilot\.com/);
    assert.match(stdout, /\/mcp\/deploy → deploy/);
    say(
      '`MCP_UPSTREAMS=github docker compose up` starts in front of GitHub’s MCP server, and of one in UPSTREAMS_FILE',
    );
    const container = `${PROJECT}-github-bridge-1`;
    const known = await run('docker', ['inspect', container]);
    assert.doesNotMatch(known.stdout, /secret-of-the-app|thirty-two/);
    const inspect = (what: string) => run('docker', ['inspect', '--format', what, container]);
    const { stdout: limits } = await inspect(
      '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{index .HostConfig.LogConfig.Config "max-size"}} {{len .State.Health.Log}} {{(index .State.Health.Log 0).ExitCode}}',
    );
    assert.match(limits, /^1073741824 200 10m [1-5] 0$/m);
    say('its secrets are files that `docker inspect` does not show; memory, processes and logs are limited');
  } finally {
    await run('docker', [...alone, 'down', '--volumes', '--timeout', '5'], { cwd: ROOT, env: settings });
    await rm(folder, { recursive: true });
  }
}

async function tearDown(): Promise<void> {
  await compose('down', '--volumes', '--remove-orphans', '--timeout', '5');
}

const reason = await whyNot();
if (reason !== undefined) {
  say(`skipped, no docker engine answers: ${reason}`);
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void tearDown().finally(() => process.exit(1)));
  }
  try {
    await test();
    await testInFrontOfGithub();
    await testScale(`${PROJECT}-scale`, say);
    say('passed');
  } catch (error) {
    await compose('logs', '--tail', '50').catch(() => {});
    console.error(error);
    process.exitCode = 1;
  } finally {
    await tearDown();
  }
}
