/** The simulated GitHub with the OAuth App of the bridge that the first argument names, and with as many accounts as the last says. */
import { createSimulatedGitHub } from '../../demo/github/index.ts';
import { ready } from './ready.ts';

const [, , bridgeUrl = '', clientId = '', clientSecret = '', people = ''] = process.argv;
const callbackUrls = [`${bridgeUrl}/github/callback`];
const accounts = Array.from({ length: Number(people) }, (_, index) => ({
  id: index + 1,
  login: `person-${index}`,
  name: null,
  email: `person-${index}@example.com`,
}));
ready(
  await createSimulatedGitHub({
    accounts,
    apps: [{ kind: 'oauth-app', name: 'Bench', clientId, clientSecret, callbackUrls }],
  }).listen(),
);
