/**
 * The MCP SDK alone, behind `node:http`: a tool with the schemas and the answer of the bridge's `get_auth_status`, without
 * authorization and store.
 */
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { listen, ready } from './ready.ts';

const answer = {
  login: 'person-10000000',
  id: 10_000_000,
  client: { id: 'Jz2HAwKTTbuxTOMpbVmSSA', name: 'Claude Code' },
  scopes: ['read:user', 'user:email'],
  github_scopes: ['read:user', 'user:email'],
  resource: 'http://127.0.0.1:12345/mcp',
  logged_in_at: '2026-07-28T00:53:20.000Z',
  access_token_expires_at: '2026-07-28T01:53:20.000Z',
  session_expires_at: '2026-08-27T00:53:20.000Z',
};
const outputSchema = z.object({
  login: z.string(),
  id: z.number(),
  client: z.object({ id: z.string(), name: z.string() }),
  scopes: z.array(z.string()),
  github_scopes: z.array(z.string()),
  resource: z.string(),
  logged_in_at: z.string(),
  access_token_expires_at: z.string(),
  session_expires_at: z.string(),
  github_token_expires_at: z.string().optional(),
});
const inputSchema = z.object({});
const description = 'Says who is logged in, through which client, with which scopes, and when the tokens expire.';

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'peer', version: '1.0.0' });
  server.registerTool('get_auth_status', { description, inputSchema, outputSchema }, async () => ({
    content: [{ type: 'text', text: JSON.stringify(answer, null, 2) }],
    structuredContent: answer,
  }));
  return server;
});
const listener = toNodeHandler(handler);
ready(
  await listen(
    createServer((request, response) => {
      const { method = 'GET', url = '/' } = request;
      void listener(Object.assign(request, { method, url }), response);
    }),
  ),
);
