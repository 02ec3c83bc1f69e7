/** The bridge with one session, on the store that the first argument names (`sqlite` or `redis`). */
import { startTestBridge } from '../../test/support/bridge.ts';
import { connect } from '../../test/support/oauth.ts';
import { ready } from '../contestant.ts';

const bridge = await startTestBridge({ store: process.argv[2] === 'redis' ? 'redis' : 'sqlite', quiet: true });
const { client, tokens } = await connect(bridge.url);
ready(bridge.url, {
  accessToken: tokens.access_token,
  refreshToken: tokens.refresh_token ?? '',
  clientId: client.client_id,
});
