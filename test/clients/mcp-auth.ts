// Another MCP server, protected by mcp-auth, whose authorization server is the bridge: a client of that server logs in at the
// bridge. Neither of the two servers accepts the tokens for the other.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { callTool, connect } from '../support/oauth.ts';
import { Person } from '../support/person.ts';
import { freePort } from '../support/ports.ts';
import { connectV2 } from '../support/sdk-clients.ts';
import { until } from '../support/until.ts';
import { type Row, versionOf } from './client.ts';
import { Demo } from './demo.ts';
import { end, environment, start } from './programs.ts';

const SERVER = fileURLToPath(new URL('mcp-auth-server.mjs', import.meta.url));
const OCTOCAT = '583231';
const answerSchema = z.object({ content: z.tuple([z.object({ text: z.string() })]) });
const claimsSchema = z.object({ iss: z.string(), sub: z.string(), aud: z.string(), scope: z.string() });

export const mcpAuth: Row[] = [
  {
    client: 'mcp-auth server, with an SDK v2 client',
    version: versionOf('mcp-auth'),
    transport: 'Streamable HTTP',
    async run() {
      const port = await freePort();
      const other = `http://localhost:${port}`;
      const demo = await Demo.start({ RESOURCES: `${other}/mcp` });
      const server = start(SERVER, [demo.url, String(port)], environment('/'));
      server.stderr?.pipe(process.stderr, { end: false });
      try {
        await until(() => fetch(other), { what: 'the mcp-auth server' });
        const person = new Person('octocat');
        const { client, provider } = await connectV2(other, 'Streamable HTTP', 'legacy', person);
        const whoami = async () => {
          const { content } = answerSchema.parse(await client.callTool({ name: 'whoami' }));
          return claimsSchema.parse(JSON.parse(content[0].text));
        };
        const seen = { iss: demo.url, sub: OCTOCAT, aud: `${other}/mcp`, scope: 'read:user' };
        assert.deepEqual(await whoami(), seen);

        const theirs = provider.tokens()?.access_token ?? '';
        assert.equal((await callTool(demo.url, theirs, 'get_user_profile')).status, 401);
        const { tokens } = await connect(demo.url);
        assert.equal((await callTool(other, tokens.access_token, 'whoami')).status, 401);

        await demo.expireTokens(person.lastAsked.get('client_id') ?? '');
        assert.deepEqual(await whoami(), seen);
        assert.notEqual(provider.tokens()?.access_token, theirs);
        assert.equal(person.asked.length, 1);
        await client.close();
        return 'accepts its own tokens and refuses the tokens for /mcp, which refuses its; refreshes';
      } finally {
        await end(server);
        await demo.stop();
      }
    },
  },
];
