// Clients that cannot be run here. Each is imitated by its requests, as its users observed them: its redirect URI, its registration
// and its parameters.

import assert from 'node:assert/strict';
import { z } from 'zod';
import {
  authorizeInBrowser,
  callTool,
  redemption,
  refreshing,
  register,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { type Connected, exercise, profileLoginOf, type Row } from './client.ts';
import { Demo } from './demo.ts';

interface Manner {
  /** The metadata it registers; a public client by default. */
  readonly metadata: Record<string, unknown>;
  /** The redirect URI of this login; by default the first registered one. */
  readonly redirectUri?: string;
  /** Its own parameters of the authorization request. */
  readonly parameters?: Record<string, string | undefined>;
}

const CURSOR: Manner = { metadata: { redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'] } };
const VSCODE = { redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'] };

export const lookAlikes: Row[] = [
  like('Claude Code, loopback port other than the registered', () => ({
    metadata: { client_name: 'Claude Code', redirect_uris: ['http://localhost:51000/callback'] },
    redirectUri: 'http://localhost:52000/callback',
  })),
  like('claude.ai, everything that is offered', () => ({
    metadata: { redirect_uris: ['https://claude.ai/api/mcp/auth_callback'], token_endpoint_auth_method: 'none' },
    parameters: { scope: 'read:user user:email read:org public_repo repo openid profile email offline_access' },
  })),
  like('ChatGPT, client_secret_post and a query at the resource', ({ url }) => ({
    metadata: {
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      token_endpoint_auth_method: 'client_secret_post',
    },
    parameters: { resource: `${url}/mcp?connector=1` },
  })),
  like('VS Code, loopback', () => ({ metadata: VSCODE })),
  like('VS Code, in the browser', () => ({ metadata: VSCODE, redirectUri: 'https://vscode.dev/redirect' })),
  like('mcporter, loopback port by chance', () => ({
    metadata: { redirect_uris: ['http://127.0.0.1:40123/callback'] },
  })),
  like('Cursor, private-use scheme', () => CURSOR),
  {
    client: 'like Cursor: server restarted',
    version: '',
    transport: 'Streamable HTTP',
    async run() {
      const demo = await Demo.start();
      try {
        const client = await registerLike(demo, CURSOR);
        await connectLike(demo, CURSOR, client);
        await demo.restart();
        const again = await connectLike(demo, CURSOR, client);
        assert.equal(await again.profileLogin(), 'octocat');
        return 'logs in with the registration that it had';
      } finally {
        await demo.stop();
      }
    },
  },
];

function like(name: string, manner: (demo: Demo) => Manner): Row {
  return {
    client: `like ${name}`,
    version: '',
    transport: 'Streamable HTTP',
    async run(demo) {
      const client = await registerLike(demo, manner(demo));
      return exercise(demo, connectLike(demo, manner(demo), client));
    },
  };
}

function registerLike(demo: Demo, { metadata }: Manner): Promise<TestClient> {
  return register(demo.url, metadata);
}

/** Logs in, and refreshes after a 401, as clients do. */
async function connectLike(demo: Demo, manner: Manner, registered: TestClient): Promise<Connected> {
  const client = { ...registered, redirectUri: manner.redirectUri ?? registered.redirectUri };
  const { answer, verifier } = await authorizeInBrowser(demo.url, client, { parameters: manner.parameters ?? {} });
  const { href: url } = answer.location ?? answer.buttonLink ?? new URL('about:blank');
  assert.ok(url.startsWith(client.redirectUri), `the answer went to ${url}`);
  const response = new URL(url).searchParams;
  assert.equal(response.get('iss'), demo.url);
  let tokens: Tokens = tokensOf(await tokenRequest(demo.url, redemption(client, response.get('code') ?? '', verifier)));
  assert.equal(tokens.scope, manner.parameters?.scope ?? 'read:user');
  return {
    clientId: () => client.client_id,
    logins: () => 1,
    toolNames: () => toolNames(demo, tokens),
    async profileLogin() {
      let result = await callTool(demo.url, tokens.access_token, 'get_user_profile');
      if (result.status === 401) {
        tokens = tokensOf(await tokenRequest(demo.url, refreshing(client, tokens.refresh_token)));
        result = await callTool(demo.url, tokens.access_token, 'get_user_profile');
      }
      return profileLoginOf(result.result);
    },
    close: async () => {},
  };
}

const toolsSchema = z.object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) });

async function toolNames({ url }: Demo, { access_token }: Tokens): Promise<string[]> {
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${access_token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2025-06-18',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  });
  const answer: unknown = JSON.parse(/^data: (.*)$/m.exec(await response.text())?.[1] ?? '');
  return toolsSchema.parse(answer).result.tools.map(({ name }) => name);
}
