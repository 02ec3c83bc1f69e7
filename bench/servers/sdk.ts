/**
 * The MCP SDK alone, or with a check of a JWT (argument `jwt`): a tool with the same answer, without store and login.
 */
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer, requireBearerAuth } from '@modelcontextprotocol/server';
import { generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { ready } from '../contestant.ts';

const { publicKey, privateKey } = await generateKeyPair('ES256');
const accessToken = await new SignJWT({ scope: 'read:user' })
  .setProtectedHeader({ alg: 'ES256' })
  .setExpirationTime('1h')
  .sign(privateKey);
const answer = { login: 'octocat', id: 583231, scopes: ['read:user'] };

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'peer', version: '1.0.0' });
  const outputSchema = z.object({ login: z.string(), id: z.number(), scopes: z.array(z.string()) });
  server.registerTool('get_auth_status', { inputSchema: z.object({}), outputSchema }, async () => ({
    content: [{ type: 'text', text: JSON.stringify(answer, null, 2) }],
    structuredContent: answer,
  }));
  return server;
});
const gate = requireBearerAuth({
  verifier: {
    async verifyAccessToken(token) {
      const { payload } = await jwtVerify(token, publicKey, { algorithms: ['ES256'] });
      return { token, clientId: 'peer', scopes: [String(payload.scope)], expiresAt: payload.exp ?? 0 };
    },
  },
});
const fetch =
  process.argv[2] === 'jwt'
    ? async (request: Request): Promise<Response> => {
        const authInfo = await gate(request);
        return authInfo instanceof Response ? authInfo : handler.fetch(request, { authInfo });
      }
    : handler.fetch;
const listener = toNodeHandler({ ...handler, fetch });
const server = createServer((request, response) => {
  const { method = 'GET', url = '/' } = request;
  void listener(Object.assign(request, { method, url }), response);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') ready(`http://127.0.0.1:${address.port}`, { accessToken });
});
