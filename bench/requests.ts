/** The requests that are timed. Each checks its answer, so that an error does not count as a fast answer. */
import { Agent, request } from 'undici';
import { z } from 'zod';
import type { Code } from './sessions.ts';

const TOOL = 'get_auth_status';
const agent = new Agent({ connections: 64, pipelining: 1 });
const MCP_HEADERS = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

/** The two eras of MCP: without and with the protocol version in each request's body. */
export const ERAS = ['2025-06-18', '2026-07-28'] as const;
export type Era = (typeof ERAS)[number];

const LEGACY = {
  headers: { ...MCP_HEADERS, 'mcp-protocol-version': '2025-06-18' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: TOOL, arguments: {} } }),
};
const STATELESS = {
  headers: {
    ...MCP_HEADERS,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': TOOL,
  },
  body: JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: TOOL,
      arguments: {},
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  }),
};
const CALLS: Readonly<Record<Era, typeof LEGACY>> = { '2025-06-18': LEGACY, '2026-07-28': STATELESS };

/**
 * Calls the tool `get_auth_status`.
 * @param expected a text that the answer has
 */
export async function callTool(
  url: string,
  {
    era = '2025-06-18',
    accessToken,
    expected = '"structuredContent"',
  }: { era?: Era; accessToken?: string; expected?: string } = {},
): Promise<void> {
  const { headers, body } = CALLS[era];
  await post(
    url,
    accessToken === undefined ? headers : { ...headers, authorization: `Bearer ${accessToken}` },
    body,
    expected,
  );
}

const tokensSchema = z.object({ access_token: z.string().includes('.'), refresh_token: z.string() });

/** Refreshes. @returns the next refresh token */
export async function refresh(url: string, clientId: string, refreshToken: string): Promise<string> {
  const answer = await postForm(url, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
  });
  if (answer.refresh_token === refreshToken) throw new Error(`${url} does not rotate`);
  return answer.refresh_token;
}

/** Redeems a code. */
export async function exchange(
  url: string,
  clientId: string,
  { code, verifier }: Code,
  redirectUri: string,
): Promise<void> {
  await postForm(url, {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
    client_id: clientId,
  });
}

async function postForm(url: string, form: Record<string, string>): Promise<z.infer<typeof tokensSchema>> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const text = await post(url, headers, new URLSearchParams(form).toString(), '"access_token"');
  return tokensSchema.parse(JSON.parse(text));
}

async function post(url: string, headers: Record<string, string>, body: string, expected: string): Promise<string> {
  const answer = await request(url, { dispatcher: agent, method: 'POST', headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== 200 || !text.includes(expected))
    throw new Error(`${url} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
  return text;
}
