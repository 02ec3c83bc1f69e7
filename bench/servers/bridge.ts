/**
 * The bridge with one session, on the store that the first argument names (`sqlite` or `redis`). With the address of a
 * server as the second argument, that server is behind it at `/mcp/one`, and the session is one for it.
 */
import { startTestBridge } from '../../test/support/bridge.ts';
import { connect } from '../../test/support/oauth.ts';
import { ready } from '../contestant.ts';

const [, , store, behind] = process.argv;
const bridge = await startTestBridge({
  store: store === 'redis' ? 'redis' : 'sqlite',
  quiet: true,
  ...(behind === undefined ? {} : { env: { MCP_UPSTREAMS: `one=${behind}` } }),
});
/** The access tokens of several people, separated by spaces: one person may not have 500 open streams. */
const accessTokens: string[] = [];
for (const login of behind === undefined ? ['octocat'] : ['octocat', 'monalisa', 'hubot']) {
  const parameters = { resource: behind === undefined ? `${bridge.url}/mcp` : `${bridge.url}/mcp/one` };
  const { client, tokens } = await connect(bridge.url, { login, parameters });
  accessTokens.push(tokens.access_token);
  if (login !== (behind === undefined ? 'octocat' : 'hubot')) continue;
  ready(bridge.url, {
    accessToken: accessTokens[0] ?? '',
    accessTokens: accessTokens.join(' '),
    refreshToken: tokens.refresh_token ?? '',
    clientId: client.client_id,
  });
}
