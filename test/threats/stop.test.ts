// Stopping loses nothing: what is under way is answered, what comes later is refused, and streams end.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import type { SimulatedGitHub } from '../../demo/github/index.ts';
import type { GithubBridge } from '../../src/github-bridge.ts';
import { callTool, connect, postForm } from '../support/oauth.ts';
import { runBridge } from '../support/run-bridge.ts';
import { simulatedApp } from '../support/simulated-app.ts';
import { until } from '../support/until.ts';

interface Started {
  readonly url: string;
  readonly github: SimulatedGitHub;
  readonly bridge: GithubBridge;
}

async function start(t: TestContext, settings: Record<string, string> = {}): Promise<Started> {
  const { url, github, env } = await simulatedApp();
  const directory = mkdtempSync(join(tmpdir(), 'bridge-stop-'));
  const bridge = await runBridge({ ...env, DATA_DIR: directory, ...settings });
  t.after(async () => {
    github.clearFaults();
    await github.close();
    rmSync(directory, { recursive: true });
  });
  return { url, github, bridge };
}

/** One request on a connection that is kept. @returns status and text */
function ask(
  url: string,
  agent: Agent,
  headers: Record<string, string> = {},
  body?: string,
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { method: body === undefined ? 'GET' : 'POST', agent, headers }, async (response) =>
      resolve({ status: response.statusCode, body: await text(response) }),
    )
      .on('error', reject)
      .end(body);
  });
}

/** A call of a tool that waits for GitHub until its faults are cleared. */
async function hangingCall(url: string, github: SimulatedGitHub) {
  const { tokens } = await connect(url);
  github.fault({ kind: 'hang', path: '/api/v3/user' });
  github.clearCalls();
  const call = callTool(url, tokens.access_token, 'get_user_profile');
  await until(() => Promise.resolve(github.calls.length > 0), { what: 'the call at GitHub' });
  return { call, tokens };
}

/** One connection that is open and idle. */
async function keptConnection(t: TestContext, url: string): Promise<Agent> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  assert.equal((await ask(`${url}/readyz`, agent)).status, 200);
  return agent;
}

describe('a bridge that stops', () => {
  it('#30 answers the call that is under way, and refuses new connections', async (t) => {
    const { url, github, bridge } = await start(t);
    const { call } = await hangingCall(url, github);
    const stopped = bridge.close();
    await assert.rejects(ask(`${url}/healthz`, new Agent()), { code: 'ECONNREFUSED' });
    github.clearFaults();
    const { status, result } = await call;
    assert.equal(status, 200);
    assert.notEqual(result?.isError, true);
    await stopped;
  });

  it('#30 says at once on a connection that was open that it is not ready, and ends that connection', async (t) => {
    const { url, github, bridge } = await start(t);
    const { call } = await hangingCall(url, github);
    const agent = await keptConnection(t, url);
    const stopped = bridge.close();
    const { status, body } = await ask(`${url}/readyz`, agent);
    assert.equal(status, 503);
    assert.match(body, /stopping/);
    await assert.rejects(ask(`${url}/readyz`, agent), 'that was the last answer on the connection');
    github.clearFaults();
    assert.equal((await call).status, 200);
    await stopped;
  });

  it('#30 does not wait for a stream that opens on a kept connection while it stops', async (t) => {
    const { url, github, bridge } = await start(t);
    const { call, tokens } = await hangingCall(url, github);
    const agent = await keptConnection(t, url);
    const began = performance.now();
    const stopped = bridge.close();
    const stream = ask(`${url}/sse`, agent, { authorization: `Bearer ${tokens.access_token}` });
    github.clearFaults();
    assert.equal((await call).status, 200);
    await stopped;
    await stream;
    assert.ok(performance.now() - began < 10_000, 'the stream was not waited for');
  });

  it('#30 breaks no call on a kept connection while it waits for its last work at GitHub', async (t) => {
    const { url, github, bridge } = await start(t);
    const [ending, going] = [await connect(url), await connect(url, { login: 'monalisa' })];
    github.fault({ kind: 'hang', path: /token$/, method: 'DELETE' });
    const agent = await keptConnection(t, url);
    await postForm(`${url}/revoke`, { token: ending.tokens.access_token, client_id: ending.client.client_id });
    const stopped = bridge.close();
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_auth_status', arguments: {} } };
    const headers = {
      authorization: `Bearer ${going.tokens.access_token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    // Nothing is under way: the connection ends. A request that was sent all the same is told to come again.
    const outcomes = await Promise.all(
      [1, 2, 3].map(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return ask(`${url}/mcp`, agent, headers, JSON.stringify(call)).then(
          ({ status }) => status,
          () => 'no connection',
        );
      }),
    );
    for (const outcome of outcomes) assert.ok([200, 503, 'no connection'].includes(outcome ?? 0), String(outcome));
    github.clearFaults();
    await stopped;
  });

  it('#30 answers new connections for STOP_DELAY, and says at /readyz that it stops', async (t) => {
    const { url, bridge } = await start(t, { STOP_DELAY: '1s' });
    const { tokens } = await connect(url);
    const stopped = bridge.close();
    assert.equal((await ask(`${url}/readyz`, new Agent())).status, 503);
    assert.equal((await callTool(url, tokens.access_token, 'get_user_profile')).status, 200);
    await stopped;
    await assert.rejects(ask(`${url}/readyz`, new Agent()), { code: 'ECONNREFUSED' });
  });

  it('#30 stops once, however often it is told', async (t) => {
    const { bridge } = await start(t);
    await Promise.all([bridge.close(), bridge.close()]);
  });

  it('#30 ends the streams of /sse without waiting for them', async (t) => {
    const { url, bridge } = await start(t);
    const { tokens } = await connect(url);
    const stream = await fetch(`${url}/sse`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(stream.status, 200);
    const ended = stream.text();
    const began = performance.now();
    await bridge.close();
    assert.match(await ended, /event: endpoint/);
    assert.ok(performance.now() - began < 4000, 'nothing was waited for');
  });
});
