/**
 * What the tests of the simulated GitHub share: one with two apps and a clock that the test sets, and the steps of a login.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { type HeadlessOptions, signInAtGitHub } from '../../demo/github/headless.ts';
import { createSimulatedGitHub, type SimulatedApp, type SimulatedGitHubOptions } from '../../demo/github/index.ts';

export const CALLBACK = 'http://127.0.0.1:9/callback';

export const OAUTH_APP: SimulatedApp = {
  kind: 'oauth-app',
  name: 'Bridge <of> Tests',
  clientId: 'Ov23liOAuthApp',
  clientSecret: 'oauth-app-secret',
  callbackUrls: [CALLBACK],
};

export const GITHUB_APP: SimulatedApp = {
  kind: 'github-app',
  name: 'Bridge App',
  clientId: 'Iv23liGitHubApp',
  clientSecret: 'github-app-secret',
  callbackUrls: [CALLBACK],
};

export const HOUR = 3_600_000;

interface McpRequest {
  path?: string;
  token?: string;
  params?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** In place of the message. */
  body?: string;
}

/** Starts a simulated GitHub, which is closed when the test ends. */
export async function startGitHub(t: TestContext, options: Partial<SimulatedGitHubOptions> = {}) {
  const clock = { now: Date.UTC(2026, 10, 21) };
  const github = createSimulatedGitHub({ apps: [OAUTH_APP, GITHUB_APP], now: () => clock.now, ...options });
  const url = await github.listen();
  t.after(() => github.close());

  function authorizeUrl(parameters: Record<string, string> = {}): string {
    return `${url}/login/oauth/authorize?${new URLSearchParams({ client_id: OAUTH_APP.clientId, ...parameters })}`;
  }

  /** Walks the web flow. @returns the parameters of the callback */
  async function authorize(parameters: Record<string, string> = {}, options: Partial<HeadlessOptions> = {}) {
    const callback = await signInAtGitHub(authorizeUrl(parameters), { login: 'octocat', ...options });
    return new URL(callback).searchParams;
  }

  /** Posts to the token endpoint. @returns the answer, parsed as JSON */
  async function exchange(parameters: Record<string, string>, app: SimulatedApp = OAUTH_APP) {
    const body = new URLSearchParams({ client_id: app.clientId, client_secret: app.clientSecret, ...parameters });
    const headers = { Accept: 'application/json' };
    const response = await fetch(`${url}/login/oauth/access_token`, { method: 'POST', body, headers });
    assert.equal(response.status, 200, 'the token endpoint answers 200, errors included');
    return record(await response.json());
  }

  /** Does a whole login. @returns the answer of the token endpoint */
  async function logIn(scope = '', app: SimulatedApp = OAUTH_APP, options: Partial<HeadlessOptions> = {}) {
    const callback = await authorize({ client_id: app.clientId, scope }, options);
    return exchange({ code: callback.get('code') ?? '' }, app);
  }

  function rest(path: string, token: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${url}/api/v3${path}`, { headers: { Authorization: `Bearer ${token}`, ...headers } });
  }

  /** Sends a request to /applications/:client_id as the app. */
  function asApp(method: string, path: string, accessToken: unknown, app: SimulatedApp = OAUTH_APP, secret?: string) {
    const basic = Buffer.from(`${app.clientId}:${secret ?? app.clientSecret}`).toString('base64');
    const headers = { Authorization: `Basic ${basic}`, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ access_token: accessToken });
    return fetch(`${url}/api/v3/applications/${app.clientId}${path}`, { method, headers, body });
  }

  /** Posts a JSON-RPC request to the MCP server. */
  function mcp(method: string, { path = '/mcp/', token, params, headers, body }: McpRequest = {}): Promise<Response> {
    return fetch(`${url}${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: body ?? JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
  }

  return { github, url, clock, authorizeUrl, authorize, exchange, logIn, rest, asApp, mcp };
}

export function record(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null, 'a JSON object');
  return Object.fromEntries(Object.entries(value));
}

export function list(value: unknown): Record<string, unknown>[] {
  assert.ok(Array.isArray(value), 'a JSON array');
  return value.map(record);
}

export function pkcePair() {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  return { verifier, challenge: { code_challenge: challenge, code_challenge_method: 'S256' } };
}
