// The ways in which a bridge is a part of another server: Node's, Koa's, web-standard. Express and Hono: test/package.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import Koa from 'koa';
import { createSimulatedGitHub } from '../demo/github/index.ts';
import { type GithubBridge, githubBridge } from '../src/github-bridge.ts';
import { callTool, connect, postJson, register } from './support/oauth.ts';
import { until } from './support/until.ts';

/** A server of a program with a bridge in it, at `url`. */
async function serve(
  t: TestContext,
  listenerOf: (bridge: GithubBridge) => RequestListener,
): Promise<{ url: string; bridge: GithubBridge }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const url = `http://localhost:${address.port}`;
  const app = { kind: 'oauth-app', name: 'Mounted', clientId: 'x', clientSecret: 'y' } as const;
  const github = createSimulatedGitHub({ apps: [{ ...app, callbackUrls: [`${url}/github/callback`] }] });
  const dataDir = mkdtempSync(join(tmpdir(), 'bridge-mounted-'));
  const bridge = await githubBridge({
    clientId: 'x',
    clientSecret: 'y',
    publicUrl: url,
    dataDir,
    githubUrl: await github.listen(),
    logLevel: 'silent',
  });
  server.on('request', listenerOf(bridge));
  t.after(async () => {
    await bridge.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await github.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return { url, bridge };
}

/** Plain Node: what is not the bridge's is answered by the program. */
const inNode = (bridge: GithubBridge) => (request: IncomingMessage, response: ServerResponse) =>
  bridge.handler(request, response, () => response.writeHead(418).end('mine'));

const inKoa = (bridge: GithubBridge) =>
  new Koa()
    .use(bridge.koa)
    .use((ctx) => {
      ctx.status = 418;
      ctx.body = 'mine';
    })
    .callback();

/** A server that speaks web-standard requests, as Hono's does on Node. */
const inFetch = (bridge: GithubBridge) => async (incoming: IncomingMessage, response: ServerResponse) => {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  const body = incoming.method === 'GET' || incoming.method === 'HEAD' ? null : await buffer(incoming);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  const url = `http://${incoming.headers.host}${incoming.url}`;
  if (incoming.url === '/mine') return void response.writeHead(418).end('mine');
  const request = new Request(url, { method: incoming.method ?? '', headers, body, signal: controller.signal });
  const answer = await bridge.fetch(request, { incoming });
  response.writeHead(answer.status, [...answer.headers].flat());
  for await (const piece of answer.body ?? []) response.write(piece);
  response.end();
};

describe('a bridge that is mounted', () => {
  for (const [name, listenerOf] of Object.entries({ 'in Node': inNode, 'in Koa': inKoa, 'as fetch': inFetch })) {
    it(`${name}: serves a whole login and calls, and leaves other paths to the program`, async (t) => {
      const { url } = await serve(t, listenerOf);
      const { tokens } = await connect(url);
      const { status, result } = await callTool(url, tokens.access_token, 'get_user_profile');
      assert.equal(status, 200);
      assert.partialDeepStrictEqual(result?.structuredContent, { login: 'octocat' });
      const page = await fetch(`${url}/account`);
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
      const mine = await fetch(`${url}/mine`);
      assert.equal(mine.status, 418);
      assert.equal(await mine.text(), 'mine');
      assert.equal(mine.headers.get('content-security-policy'), null, 'the program has headers of its own');
      // Registration management has a pattern for a path.
      const client = await register(url);
      assert.equal((await fetch(client.registration_client_uri)).status, 401);
      assert.equal((await fetch(`${url}/register`, { method: 'DELETE' })).status, 405);
    });
  }

  it('answers 404 to an unknown path where there is nobody else', async (t) => {
    const { url, bridge } = await serve(t, (bridge) => (request, response) => bridge.handler(request, response));
    assert.equal((await fetch(`${url}/mine`)).status, 404);
    assert.equal((await bridge.fetch(new Request(`${url}/mine`))).status, 404);
  });

  it('says what is wrong when the program has read the body before', async (t) => {
    const { url, bridge } = await serve(t, (bridge) => async (request, response) => {
      await buffer(request);
      bridge.handler(request, response);
    });
    const { status, body } = await postJson(`${url}/register`, { redirect_uris: ['http://localhost:1/'] });
    assert.equal(status, 500);
    assert.match(String(body.error_description), /mount the bridge before the program parses bodies/);
    assert.equal((await fetch(`${url}/healthz`)).status, 200, 'a request without a body has none to lose');
    const request = new Request(`${url}/register`, { method: 'POST', body: '{}' });
    await request.text();
    assert.match(await (await bridge.fetch(request)).text(), /mount the bridge before/);
  });

  it('says that it must be at the root, in the answer and in the log', async (t) => {
    const failures: unknown[] = [];
    const { url } = await serve(t, (bridge) => {
      bridge.events.on('request.failed', ({ error }) => failures.push(error));
      // What Express and Connect do with a prefix.
      return (request, response) => {
        const originalUrl = request.url ?? '';
        const under = Object.assign(request, { originalUrl, url: originalUrl.replace(/^\/auth/, '') });
        bridge.handler(under, response, () => response.writeHead(418).end('mine'));
      };
    });
    const answer = await fetch(`${url}/auth/healthz?x=1`);
    assert.equal(answer.status, 500);
    assert.match(await answer.text(), /mount it at the root/);
    assert.equal((await fetch(`${url}/auth/mine`)).status, 418);
    assert.equal((await fetch(`${url}/healthz?x=1`)).status, 200);
    assert.equal(failures.length, 1);
    assert.match(String(failures[0]), /^Mismounted: /);
  });

  it('answers 503 when it has closed, and closes when its requests have ended', async (t) => {
    const { url, bridge } = await serve(t, inNode);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    await bridge.close();
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    assert.equal((await fetch(`${url}/mine`)).status, 418);
  });

  it('knows its paths in a request that names the whole address', async (t) => {
    const { url } = await serve(t, inNode);
    const [answer] = await once(get(url, { path: `${url}/healthz?a` }), 'response');
    assert.equal(answer.statusCode, 200);
    answer.resume();
  });

  it('in Koa: lets go of a request whose connection closed before it came to the bridge', async (t) => {
    let [came, ended] = [0, 0];
    const { url } = await serve(t, (bridge) =>
      new Koa()
        .use(async ({ res }, next) => {
          came += 1;
          await once(res, 'close');
          await next();
          ended += 1;
        })
        .use(bridge.koa)
        .callback(),
    );
    const asked = get(`${url}/healthz`).on('error', () => {});
    await until(() => came === 1, { what: 'the request' });
    asked.destroy();
    await until(() => ended === 1, { what: 'the end of the request' });
  });
});
