// An MCP server of its own that leaves authorization to another: mcp-auth as its documentation has it, and one tool.
// Arguments: the issuer, and the port to listen on.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import { fetchServerConfig, MCPAuth } from 'mcp-auth';

const [issuer = '', port = ''] = process.argv.slice(2);
const resource = `http://localhost:${port}/mcp`;

const mcpAuth = new MCPAuth({
  protectedResources: [
    {
      metadata: {
        resource,
        authorizationServers: [await fetchServerConfig(issuer, { type: 'oidc' })],
        scopesSupported: ['read:user'],
      },
    },
  ],
});

const app = express();
app.use(mcpAuth.protectedResourceMetadataRouter());
app.use(mcpAuth.bearerAuth('jwt', { resource, audience: resource, requiredScopes: ['read:user'] }));
app.post('/mcp', express.json(), async (request, response) => {
  const server = new McpServer({ name: 'whoami', version: '1.0.0' });
  server.tool('whoami', ({ authInfo }) => ({ content: [{ type: 'text', text: JSON.stringify(authInfo?.claims) }] }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on('close', () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.all('/mcp', (_request, response) => {
  response.sendStatus(405);
});
app.listen(Number(port), '127.0.0.1');
