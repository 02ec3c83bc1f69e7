/** The simulated GitHub with the OAuth App of the bridge that the first argument names. */
import { createSimulatedGitHub } from '../../demo/github/index.ts';
import { ready } from './ready.ts';

const [, , bridgeUrl = '', clientId = '', clientSecret = ''] = process.argv;
const callbackUrls = [`${bridgeUrl}/github/callback`];
ready(
  await createSimulatedGitHub({
    apps: [{ kind: 'oauth-app', name: 'Bench', clientId, clientSecret, callbackUrls }],
  }).listen(),
);
