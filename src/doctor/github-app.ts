/**
 * Checks the app at GitHub: whether GitHub knows the client id, accepts the secret and the callback URL, and whether
 * the API answers. These requests carry no login, so what GitHub shows only to a person who is signed in is not
 * checked.
 */
import type { Config } from '../config/config.ts';
import { createGithubOAuth, GithubRefusal, GithubUnavailable } from '../github/oauth-app.ts';
import { EventBus } from '../observe/events.ts';
import { randomVerifier } from '../protocol/pkce.ts';
import { type Finding, probe, unreachable } from './finding.ts';

const WEB = 'GitHub';
const APP = 'GitHub app';
const SECRET = 'client secret';
const CALLBACK = 'callback URL';
const API = 'GitHub API';
/** Has the form of a GitHub token, but is not valid. */
const INVALID_TOKEN = 'gho_0000000000000000000000000000doctor00';

/** Checks the client id, the secret and the callback URL, at GitHub's web pages and token endpoint. */
export async function checkGithubApp({ github, publicUrl }: Config): Promise<Finding[]> {
  const callbackUrl = `${publicUrl}/github/callback`;
  const oauth = createGithubOAuth({ ...github, callbackUrl, events: new EventBus() });
  const settings = `${github.url}/settings/developers`;
  const unknownClient: Finding = {
    check: APP,
    problem: `${github.url} knows no app of the client id ${github.clientId}`,
    remedy: `Copy GITHUB_CLIENT_ID from the app's page at ${settings} (the client id, not the app id).`,
  };
  const address = oauth.authorizationUrl({
    state: 'doctor',
    codeVerifier: randomVerifier(),
    scope: ['read:user'],
    selectAccount: false,
  });
  let response: Response;
  try {
    response = await probe(address);
    await response.body?.cancel();
  } catch (error) {
    return [unreachable(WEB, github.url, 'GITHUB_URL', error)];
  }
  if (response.status === 404) return [unknownClient];
  if (response.status >= 429) {
    const problem = `${github.url} answered ${response.status}`;
    return [
      { check: WEB, problem, remedy: 'GitHub has a problem of its own or limits this address: try again later.' },
    ];
  }
  const error = errorIn(response, github.url);
  if (error === 'application_suspended') {
    const remedy = "Ask GitHub's support why, or create another app.";
    return [{ check: APP, problem: 'GitHub has suspended the app', remedy }];
  }
  const secret = await checkSecret(oauth, unknownClient);
  if (secret === unknownClient) return [unknownClient];
  const wrongCallback: Finding = {
    check: CALLBACK,
    problem: `${callbackUrl} is not registered with the app`,
    remedy: `Enter it as the authorization callback URL on the app's page at ${settings}, or correct PUBLIC_URL.`,
  };
  const refused = error === 'redirect_uri_mismatch' || secret === 'redirect_uri_mismatch';
  return [
    { check: APP, ok: `${github.url} knows the client id ${github.clientId}` },
    secret === 'redirect_uri_mismatch' ? { check: SECRET, ok: 'GitHub takes it' } : secret,
    refused ? wrongCallback : { check: CALLBACK, ok: `GitHub has no objection to ${callbackUrl}` },
  ];
}

/** The error in GitHub's redirect back to the callback; undefined when there is none. */
function errorIn(response: Response, githubUrl: string): string | undefined {
  const location = response.headers.get('location');
  if (location === null || !URL.canParse(location, githubUrl)) return undefined;
  return new URL(location, githubUrl).searchParams.get('error') ?? undefined;
}

/** Checks the secret by redeeming an invalid code, because GitHub checks the app's credentials before the code. */
async function checkSecret(
  oauth: ReturnType<typeof createGithubOAuth>,
  unknownClient: Finding,
): Promise<Finding | 'redirect_uri_mismatch'> {
  try {
    await oauth.exchange('doctor', randomVerifier());
  } catch (error) {
    if (error instanceof GithubUnavailable) {
      const remedy = 'Try again; if it lasts, look at the status page of GitHub.';
      return { check: SECRET, problem: `GitHub did not say whether it takes it (${error.message})`, remedy };
    }
    if (!(error instanceof GithubRefusal)) throw error;
    if (error.code === 'redirect_uri_mismatch') return error.code;
    if (error.code === 'incorrect_client_credentials') {
      const remedy = "Generate a new client secret on the app's page, and set GITHUB_CLIENT_SECRET to it.";
      return { check: SECRET, problem: 'GitHub does not take it for this client id', remedy };
    }
    // github.com answers 404 for a client id that it does not know.
    if (/not found/i.test(error.code)) return unknownClient;
  }
  return { check: SECRET, ok: 'GitHub takes it' };
}

/** Checks that the API answers, and that it is GitHub's API. */
export async function checkGithubApi({ github }: Config): Promise<Finding> {
  const { apiUrl, clientId, clientSecret } = github;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  let response: Response;
  try {
    response = await probe(`${apiUrl}/applications/${encodeURIComponent(clientId)}/token`, {
      method: 'POST',
      headers: {
        Accept: 'application/vnd.github+json',
        Authorization: `Basic ${basic}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ access_token: INVALID_TOKEN }),
    });
    await response.body?.cancel();
  } catch (error) {
    return unreachable(API, apiUrl, 'GITHUB_API_URL', error);
  }
  const { status, headers } = response;
  const isGithubs = headers.has('x-github-request-id') || headers.has('x-github-media-type');
  // During an outage something before the API may answer.
  if (status >= 500 || (isGithubs && (status === 429 || status === 403))) {
    const remedy = 'GitHub has a problem of its own or limits this address: try again later.';
    return { check: API, problem: `${apiUrl} answered ${status}`, remedy };
  }
  if (!isGithubs) {
    const remedy =
      'Leave GITHUB_API_URL out, or write the address of the API, https://HOST/api/v3 for Enterprise Server.';
    return { check: API, problem: `what answers at ${apiUrl} is not GitHub's API (${status})`, remedy };
  }
  return { check: API, ok: `${apiUrl} answers` };
}
