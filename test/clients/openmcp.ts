// openmcp-client 0.1.7, imitated by its requests: SDK 1.12.3, a registration at each connect, no state, scope or resource, the
// protected resource metadata of the root, and one Client that is used again after the login.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { type OAuthClientProvider, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClientInformationFull, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { Person } from '../support/person.ts';
import { type Connected, exercise, type Row, versionOf } from './client.ts';
import type { Demo } from './demo.ts';
import { connected } from './sdk.ts';

type Kind = 'Streamable HTTP' | 'SSE';

export const openmcp: Row[] = (['Streamable HTTP', 'SSE'] as const).map((kind) => ({
  client: `openmcp-client 0.1.7, by its SDK`,
  version: versionOf('@modelcontextprotocol/sdk'),
  transport: kind,
  async run(demo) {
    const person = new Person('octocat');
    const seen = await exercise(demo, connectOpenmcp(demo, kind, person));
    for (const absent of ['state', 'scope', 'resource']) assert.equal(person.lastAsked.get(absent), null, absent);
    return seen;
  },
}));

export async function connectOpenmcp(
  demo: Demo,
  kind: Kind,
  person = new Person('octocat'),
): Promise<Connected & { client: Client }> {
  const provider = openmcpProvider(person);
  const client = new Client({ name: 'openmcp test local client', version: '0.0.1' }, { capabilities: {} });
  const url = new URL(kind === 'SSE' ? '/sse' : '/mcp', demo.url);
  const open = () => {
    const options = { authProvider: provider };
    return kind === 'SSE' ? new SSEClientTransport(url, options) : new StreamableHTTPClientTransport(url, options);
  };
  const refused = open();
  await assert.rejects(client.connect(refused as Transport), UnauthorizedError);
  await refused.finishAuth((await person.answer()).searchParams.get('code') ?? '');
  await client.connect(open() as Transport);
  return { ...connected(person, client), client };
}

/** It keeps everything in memory, for this connect alone. */
function openmcpProvider(person: Person): OAuthClientProvider {
  const redirectUrl = `http://localhost:${randomInt(40_000, 50_000)}/callback`;
  let information: OAuthClientInformationFull | undefined;
  let tokens: OAuthTokens | undefined;
  let verifier = '';
  return {
    redirectUrl,
    clientMetadata: {
      client_name: 'Simple OAuth MCP Client',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => information,
    saveClientInformation(saved) {
      information = saved as OAuthClientInformationFull;
    },
    tokens: () => tokens,
    saveTokens(saved) {
      tokens = saved;
    },
    redirectToAuthorization: (url) => person.visit(url),
    saveCodeVerifier(saved) {
      verifier = saved;
    },
    codeVerifier: () => verifier,
  };
}
