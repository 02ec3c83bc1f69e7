// What the tests of the GitHub side share: options of a bridge, and a client that is connected to it.
import type { SimulatedApp } from '../../demo/github/index.ts';
import { TIMEOUTS, type Timeouts } from '../../src/github/timeouts.ts';
import type { TestBridge, TestBridgeOptions } from '../support/bridge.ts';
import {
  callTool,
  type JsonAnswer,
  type LoginOptions,
  logIn,
  refreshing,
  register,
  type TestClient,
  type Tokens,
  type ToolAnswer,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';

export const HOUR = 3600;
export const DAY = 86_400;
/** Lifetime of GitHub's expiring access tokens, in seconds. */
export const GITHUB_TOKEN_TTL = 28_800;
export const TOKEN_ENDPOINT = '/login/oauth/access_token';
export const USER = '/api/v3/user';

/** An app whose tokens expire. */
export const GITHUB_APP: Partial<SimulatedApp> = { kind: 'github-app', permissions: ['profile'] };

/** Short timeouts, in milliseconds, so that a test sees soon that the bridge stops waiting for GitHub. */
export const SHORT: Timeouts = { ...TIMEOUTS, call: 2_000, oauth: 1_500, refresh: 5_000, answer: 7_000 };

/** Options of a bridge whose own access tokens live for 30 days, so that only GitHub's tokens expire in the test. */
export function withLongTokens(options: TestBridgeOptions): TestBridgeOptions {
  return { ...options, env: { ACCESS_TOKEN_TTL: '30d', REFRESH_TOKEN_TTL: '60d', ...options.env } };
}

export interface Connected {
  readonly client: TestClient;
  /** The latest tokens. */
  tokens: Tokens;
  call(name: string, args?: Record<string, unknown>): Promise<ToolAnswer>;
  profile(): Promise<ToolAnswer>;
  /** Refreshes and keeps the new tokens. @returns the answer of the token endpoint */
  refresh(): Promise<JsonAnswer>;
  /** Logs in again with the same client, in a new browser. */
  logInAgain(options?: LoginOptions): Promise<void>;
  revoke(): Promise<void>;
}

/** Settings of a bridge with an MCP server behind it that gets the GitHub token. */
export const SERVER_BEHIND = { MCP_UPSTREAMS: 'work=https://mcp.example/mcp' };

/** A new client with a login for the server of {@link SERVER_BEHIND}. */
export const connectToServerBehind = (bridge: TestBridge, options: Parameters<typeof connect>[1] = {}) =>
  connect(bridge, { ...options, parameters: { resource: `${bridge.url}/mcp/work`, ...options.parameters } });

/** A new client with a login. */
export async function connect(bridge: TestBridge, options: LoginOptions & { scope?: string } = {}): Promise<Connected> {
  const { scope, ...login } = options;
  const client = await register(bridge.url);
  const parameters = { ...(scope === undefined ? {} : { scope }), ...login.parameters };
  const connected: Connected = {
    client,
    tokens: await logIn(bridge.url, client, { ...login, parameters }),
    call: (name, args) => callTool(bridge.url, connected.tokens.access_token, name, args),
    profile: () => connected.call('get_user_profile'),
    async refresh() {
      const answer = await tokenRequest(bridge.url, refreshing(client, connected.tokens.refresh_token));
      if (answer.status === 200) connected.tokens = tokensOf(answer);
      return answer;
    },
    async logInAgain(again = {}) {
      connected.tokens = await logIn(bridge.url, client, { ...login, parameters, ...again });
    },
    async revoke() {
      await fetch(`${bridge.url}/revoke`, {
        method: 'POST',
        body: new URLSearchParams({ token: connected.tokens.access_token, client_id: client.client_id }),
      });
      await bridge.bridge.revocations.idle();
    },
  };
  return connected;
}

/** How many refreshes reached GitHub, those included that failed by a fault. */
export function refreshes({ github }: TestBridge): number {
  return github.callsTo('POST', TOKEN_ENDPOINT).filter(({ grantType }) => grantType !== 'authorization_code').length;
}

/** The error text of a tool's answer; undefined when there is none. */
export function troubleIn({ result }: ToolAnswer): string | undefined {
  return result?.isError === true ? result.content[0]?.text : undefined;
}

/** The login in the profile that a call returned; undefined when the call failed. */
export function loginIn({ status, result }: ToolAnswer): unknown {
  return status === 200 && result?.isError !== true ? result?.structuredContent?.login : undefined;
}

/** Calls a tool as protocol version 2026-07-28 does. */
export async function callStateless(bridge: TestBridge, accessToken: string, name: string): Promise<Response> {
  const version = '2026-07-28';
  return fetch(`${bridge.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${accessToken}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': version,
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name,
        arguments: {},
        _meta: {
          'io.modelcontextprotocol/protocolVersion': version,
          'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });
}
