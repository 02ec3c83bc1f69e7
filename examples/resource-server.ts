// An MCP server elsewhere that takes the bridge's tokens: the bridge has its address in RESOURCES. Any library for JWTs will do; what
// it must check is here: the signature by the bridge's keys, the algorithm, the type, the issuer, and the audience.
import { serve } from '@hono/node-server';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const issuer = process.env.BRIDGE_URL ?? 'https://bridge.example.com';
const resource = process.env.RESOURCE ?? 'https://tools.example.com/mcp';
const metadataUrl = new URL('/.well-known/oauth-protected-resource/mcp', resource).href;
const ABOUT_THE_TOKEN = /^ERR_(?:JWT|JWS|JOSE_ALG|JWKS_NO_MATCHING)_/;
const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', issuer));

const mcp = createMcpHandler(({ authInfo }) => {
  const server = new McpServer({ name: 'elsewhere', version: '1.0.0' });
  server.registerTool('who_am_i', { description: 'Says who calls' }, async () => ({
    content: [{ type: 'text', text: `${authInfo?.extra?.sub} by ${authInfo?.clientId}` }],
  }));
  return server;
});

const app = new Hono();
// Where to log in (RFC 9728). The URL is that of RFC 9728 section 3.1: the path of the resource comes last.
app.get('/.well-known/oauth-protected-resource/mcp', (c) =>
  c.json({ resource, authorization_servers: [issuer], bearer_methods_supported: ['header'] }),
);
app.all('/mcp', async (c) => {
  const [, token = ''] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: resource,
      typ: 'at+jwt',
      algorithms: ['RS256'],
    });
    const { client_id: clientId, scope, sub, exp } = payload;
    const scopes = String(scope ?? '').split(' ');
    const authInfo = { token, clientId: String(clientId), scopes, extra: { sub }, ...(exp ? { expiresAt: exp } : {}) };
    return await mcp.fetch(c.req.raw, { authInfo });
  } catch (error) {
    // Only what is wrong with the token is for the client to mend; when the bridge cannot be reached, its login is still good.
    if (!(error instanceof errors.JOSEError) || !ABOUT_THE_TOKEN.test(error.code)) throw error;
    return c.json({ error: 'invalid_token' }, 401, {
      'WWW-Authenticate': `Bearer error="invalid_token", resource_metadata="${metadataUrl}"`,
    });
  }
});

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8001), hostname: '127.0.0.1' });
