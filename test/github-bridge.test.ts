// githubBridge(): it listens, or is mounted; it logs what is worth a line, and lets go of everything when it closes. One process
// serves from a SQLite folder (design decision 19; test/store/sqlite.test.ts). What it is mounted in: mounts.test.ts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, it, type TestContext } from 'node:test';
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { createSimulatedGitHub } from '../demo/github/index.ts';
import { ConfigurationError } from '../src/config/config.ts';
import { githubBridge } from '../src/github-bridge.ts';
import { defineTool, type GithubBridgeOptions } from '../src/index.ts';
import { callTool, connect } from './support/oauth.ts';
import { freePort } from './support/ports.ts';
import { runBridge } from './support/run-bridge.ts';

describe('a bridge that starts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-start-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const start = (port: number, env: Record<string, string> = {}) =>
    runBridge({ GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y', DATA_DIR: folder, PORT: String(port), ...env });

  it('answers on every address of its host, and not any more when it has stopped', async () => {
    const port = await freePort();
    const bridge = await start(port, { HOST: '127.0.0.1' });
    assert.equal(bridge.store.kind, 'sqlite');
    const url = `http://127.0.0.1:${port}/healthz`;
    assert.equal((await fetch(url)).status, 200);
    await bridge.close();
    await assert.rejects(fetch(url));
    const again = await start(port, { HOST: '127.0.0.1' });
    assert.equal((await fetch(url)).status, 200, 'the port and the store are free again');
    await again.close();
  });

  it('makes itself a secret where it may, and keeps it', async () => {
    const secret = () => readFileSync(join(folder, 'secret'), 'utf8');
    const port = await freePort();
    await (await start(port)).close();
    const first = secret();
    assert.ok(first.trim().length >= 32);
    await (await start(port)).close();
    assert.equal(secret(), first);
  });

  it('is refused where another serves from the same folder, and says which port is taken', async () => {
    const port = await freePort();
    const bridge = await start(port);
    await assert.rejects(start(await freePort()), {
      name: 'ConfigurationError',
      message: /DATA_DIR: another process serves/,
    });
    await bridge.close();

    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const message = new RegExp(`PORT: ${port} is taken on 127\\.0\\.0\\.1\\. Stop what listens there`);
    await assert.rejects(start(port, { HOST: '127.0.0.1' }), { message });
    await new Promise((resolve) => other.close(resolve));
    await (await start(port, { HOST: '127.0.0.1' })).close(); // the store was let go
  });

  it('serves metrics on a port of their own, until the last request has ended', async (t) => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const bridge = await start(port, { METRICS_PORT: String(metricsPort) });
    t.after(() => bridge.close());
    const metrics = `http://127.0.0.1:${metricsPort}/metrics`;
    const text = await (await fetch(metrics)).text();
    assert.match(text, /^bridge_build_info\{version="[\d.]+",node="[\d.]+"\} 1$/m);
    assert.match(text, /^bridge_store_up\{store="sqlite"\} 1$/m);
    assert.match(text, /^bridge_sessions 0$/m);
    assert.match((await bridge.metrics()).text, /^bridge_store_operation_seconds_count\{operation="store.ping"\} 2$/m);
    assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 404);
    await bridge.close();
    await assert.rejects(fetch(metrics));
  });

  it('says that the port of the metrics is taken, and lets go of the other', async (t) => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const other = createServer();
    t.after(() => void other.close());
    await new Promise<void>((resolve) => other.listen(metricsPort, '127.0.0.1', resolve));
    await assert.rejects(start(port, { METRICS_PORT: String(metricsPort), METRICS_HOST: '127.0.0.1' }), {
      message: `METRICS_PORT: ${metricsPort} is taken on 127.0.0.1. Stop what listens there, or name another port.`,
    });
    await new Promise((resolve) => other.close(resolve));
    const bridge = await start(port, { METRICS_PORT: String(metricsPort), METRICS_HOST: '127.0.0.1' });
    await bridge.close();
  });

  it('logs each request, but a probe only when it fails', async () => {
    const port = await freePort();
    // The log goes to standard output, so that needs a process of its own.
    const program = `
      import { githubBridge } from './src/index.ts';
      const bridge = await githubBridge({ clientId: 'x', clientSecret: 'y', port: ${port}, dataDir: ${JSON.stringify(folder)}, simulated: true });
      await bridge.listen();
      const url = 'http://localhost:${port}';
      for (const path of ['/healthz', '/readyz']) await (await fetch(url + path)).text();
      await fetch(url + '/healthz', { method: 'POST' });
      const page = await (await fetch(url + '/?code=secret')).text();
      console.log(JSON.stringify({ simulated: /simulated/i.test(page) }));
      await bridge.close();`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: Record<string, unknown>[] = (await text(child.stdout))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const requests = lines.filter(({ event }) => event === 'request');
    assert.deepEqual(
      requests.map(({ method, path, status }) => ({ method, path, status })),
      [
        { method: 'POST', path: '/healthz', status: 405 },
        { method: 'GET', path: '/', status: 200 },
      ],
    );
    assert.ok(Number.isInteger(requests[0]?.milliseconds));
    assert.ok(
      lines.some(({ simulated }) => simulated === true),
      'the demo says so on its front page',
    );
  });
});

describe('githubBridge', () => {
  const clientId = 'embedded';
  const clientSecret = 'secret of the embedded';

  /** A bridge of its own, on a port of its own, with a simulated GitHub; all is let go when the test is over. */
  async function embedded(t: TestContext, options: GithubBridgeOptions = {}) {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const dataDir = mkdtempSync(join(tmpdir(), 'bridge-embedded-'));
    const callbackUrls = [`${url}/github/callback`];
    const github = createSimulatedGitHub({
      apps: [{ kind: 'oauth-app', name: 'Embedded', clientId, clientSecret, callbackUrls }],
    });
    const githubUrl = await github.listen();
    const settings = { clientId, clientSecret, port, dataDir, githubUrl, logLevel: 'silent' };
    const bridge = await githubBridge({ ...settings, ...options });
    t.after(async () => {
      await bridge.close();
      await github.close();
      rmSync(dataDir, { recursive: true, force: true });
    });
    return { bridge, url, port };
  }

  it('throws one error that lists all problems of the options, tools and server included', async () => {
    const nothing = defineTool({
      name: 'get_user_profile',
      title: 'x',
      description: 'x',
      inputSchema: z.object({}),
      outputSchema: z.object({}),
      scopes: ['pubic_repo'],
      annotations: {},
      handler: async () => ({}),
    });
    const server = () => new McpServer({ name: 'x', version: '1' });
    await assert.rejects(
      githubBridge({ clientId: 'x', accessTokenTtl: 'x', tools: [nothing], server, mcpUpstreams: 'https://x.example' }),
      (error) => {
        assert.ok(error instanceof ConfigurationError);
        assert.deepEqual(
          error.complaints.map(({ variable, problem }) => `${variable}: ${problem}`),
          [
            'clientSecret: missing',
            'accessTokenTtl: "x" is not a duration',
            'tools: given together with server',
            'tools: "get_user_profile" needs "pubic_repo", which is no scope of GitHub',
            'tools: "get_user_profile" is the name of two tools',
          ],
        );
        return true;
      },
    );
    await assert.rejects(githubBridge(), /clientId: missing/);
    await assert.rejects(githubBridge({ server: {} as typeof server }), /server: not a function/);
    await assert.rejects(
      githubBridge({ clientId: 'x', clientSecret: 'y', server, mcpUpstreams: 'https://x.example' }),
      /server: another MCP server stands at \/mcp already/,
    );
  });

  it('listens where it says, once, and not on a port that publicUrl does not have', async (t) => {
    const { bridge, port } = await embedded(t);
    await assert.rejects(bridge.listen(port + 1), new RegExp(`publicUrl is http://localhost:${port}`));
    await bridge.listen();
    await assert.rejects(bridge.listen(), /listens already/);
    assert.match(bridge.banner, new RegExp(`http://localhost:${port}/mcp`));
    await bridge.close();
    await assert.rejects(bridge.listen(), /closed/);
  });

  it('can listen when its port is free again, and goes on when a listener for its events fails', async (t) => {
    const { bridge, url, port } = await embedded(t);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    await assert.rejects(bridge.listen(), /is taken/);
    await new Promise((resolve) => other.close(resolve));
    await bridge.listen();
    bridge.events.onAny(() => {
      throw new Error('a fault of the program');
    });
    assert.equal((await connect(url)).tokens.token_type, 'Bearer');
  });

  it('shares nothing with another in the same process', async (t) => {
    const [one, other] = [await embedded(t), await embedded(t)];
    await Promise.all([one.bridge.listen(), other.bridge.listen()]);
    const events: string[] = [];
    other.bridge.events.onAny((name) => events.push(name));
    const { tokens, client } = await connect(one.url);
    assert.equal((await callTool(one.url, tokens.access_token, 'get_user_profile')).status, 200);
    assert.equal((await callTool(other.url, tokens.access_token, 'get_user_profile')).status, 401);
    assert.equal(await other.bridge.store.clients.get(client.client_id), undefined);
    assert.ok(events.includes('access_token.refused'));
    assert.ok(!events.includes('login.completed'));
    await one.bridge.close();
    const after = await connect(other.url);
    assert.equal((await callTool(other.url, after.tokens.access_token, 'get_user_profile')).status, 200);
  });

  it('leaves nothing open when it has closed, after a login and a call', async () => {
    const program = `
      import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { createSimulatedGitHub } from './demo/github/index.ts';
      import { githubBridge } from './src/index.ts';
      import { callTool, connect } from './test/support/oauth.ts';
      const [port, dataDir] = process.argv.slice(1);
      const url = 'http://localhost:' + port;
      const app = { kind: 'oauth-app', name: 'x', clientId: 'x', clientSecret: 'y', callbackUrls: [url + '/github/callback'] };
      const github = createSimulatedGitHub({ apps: [app] });
      const bridge = await githubBridge({
        clientId: 'x', clientSecret: 'y', port: Number(port), dataDir, githubUrl: await github.listen(), logLevel: 'silent', ...JSON.parse(process.env.OPTIONS),
      });
      await bridge.listen();
      const { tokens } = await connect(url);
      const { status } = await callTool(url, tokens.access_token, 'get_user_profile');
      await Promise.all([bridge.close(), bridge.close()]);
      await github.close();
      console.log(status);`;
    for (const redisUrl of [undefined, process.env.TEST_REDIS_URL]) {
      const dataDir = mkdtempSync(join(tmpdir(), 'bridge-embedded-'));
      const options = JSON.stringify(redisUrl === undefined ? {} : { redisUrl });
      const args = ['--input-type=module', '--eval', program, String(await freePort()), dataDir];
      const child = spawn(process.execPath, args, {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, OPTIONS: options },
      });
      const printed = text(child.stdout);
      // It ends by itself, or the test runs into its time limit.
      const [code] = await once(child, 'exit');
      rmSync(dataDir, { recursive: true, force: true });
      assert.equal(await printed, '200\n');
      assert.equal(code, 0);
    }
  });
});
