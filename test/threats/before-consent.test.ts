// Threats 38 and 39: a link to /authorize with an error in it (prompt=none is enough) sends the browser to an address, or opens
// an app, that whoever registered the client chose, and nobody was asked.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { clientsFile } from '../oauth/clients-file.ts';
import { type Agent, createAgent, type Page } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  authorizeInBrowser,
  login,
  pkce,
  postJson,
  register,
  type TestClient,
} from '../support/oauth.ts';
import { newPerson } from './attack.ts';

const WEBSITE = 'https://website.example/cb';
const APP = 'cursor://anysphere.cursor-mcp/oauth/callback';
/** Mistakes of an authorization request that is otherwise right. */
const MISTAKES: readonly Record<string, string | undefined>[] = [
  { prompt: 'none' },
  { response_type: 'token' },
  { code_challenge: undefined },
  { resource: 'https://elsewhere.example' },
  { request: 'x' },
];
/** Addresses at which an editor installs, runs or opens something. */
const COMMANDS: readonly string[] = [
  'cursor://anysphere.cursor-deeplink/mcp/install?name=x&config=e30',
  'cursor://anysphere.cursor-deeplink/mcp/install',
  'cursor://anysphere.cursor-deeplink/mcp/%69nstall',
  'cursor://anysphere.cursor-deeplink/command?name=x&text=y',
  'cursor://anysphere.cursor-deeplink/PROMPT',
  'vscode:mcp/install?%7B%22command%22%3A%22sh%22%7D',
  'vscode:mcp/install',
  'vscode://vscode.git/clone?url=https://evil.example/x',
  'vscode://file/etc/passwd',
  'vscode:extension/evil.extension',
  'vscode-insiders:mcp/install?x',
  'vscode:mcp/by-name/evil.server',
  'vscode://vscode-remote/ssh-remote+evil.example/home/callback',
  'cursor://vscode-remote/ssh-remote+evil.example/callback',
  'zed://ssh/evil.example/callback',
  'cursor://anysphere.cursor-deeplink/createchat',
  'windsurf://windsurf-mcp-registry',
  'windsurf://callback?command=x',
  'com.example.app:/cb?url=x',
];
/** Registered by the operator. */
const OPERATORS = ['website', 'app'].map((client_id) => ({
  client_id,
  token_endpoint_auth_method: 'none',
  redirect_uris: [client_id === 'app' ? APP : WEBSITE],
}));

onBothStores('before consent', (store) => {
  const CLIENTS_FILE = clientsFile(OPERATORS);
  const bridge = useBridge({ store, env: { CLIENTS_FILE } });

  const ask = (browser: Agent, client: TestClient, mistake: Record<string, string | undefined>) =>
    browser.get(authorizationUrl(bridge.url, client, pkce().challenge, mistake));

  function assertStays(page: Page): void {
    assert.equal(page.location, undefined);
    assert.equal(page.headers.get('refresh'), null);
    assert.doesNotMatch(page.html, /http-equiv|<script|<iframe/i);
  }

  /** The page has a button, and nothing but the button leads to the client. */
  function assertExplains(page: Page, redirectUri: string): void {
    assert.equal(page.status, 400);
    assertStays(page);
    const link = page.buttonLink ?? new URL('about:blank');
    assert.ok(link.href.startsWith(`${redirectUri}?error=`), link.href);
    assert.equal(link.searchParams.get('state'), 'state-of-the-client');
    assert.equal(link.searchParams.get('iss'), bridge.url);
  }

  it('#38 nothing opens an app by itself: not an error, not Cancel, not a code, not for a client of the operator', async () => {
    const client = await register(bridge.url, { redirect_uris: [APP] });
    const browser = createAgent();
    for (const mistake of MISTAKES) assertExplains(await ask(browser, client, mistake), APP);
    for (const options of [{ consent: 'deny' }, { github: 'cancel' }, {}] as const) {
      const { answer, response } = await authorizeInBrowser(bridge.url, client, { browser, ...options });
      assertStays(answer);
      assert.equal(response.has(Object.keys(options).length === 0 ? 'code' : 'error'), true);
    }
    for (const chosen of [client, { ...client, client_id: 'app' }])
      for (const mistake of MISTAKES) {
        const page = await ask(browser, chosen, mistake);
        assertStays(page);
        assert.ok(page.buttonLink?.href.startsWith(`${APP}?error=`));
      }
  });

  it('#38 no client registers the address at which an app installs, runs or opens something', async () => {
    for (const uri of COMMANDS) {
      const { status, body } = await postJson(`${bridge.url}/register`, { redirect_uris: [uri] });
      assert.equal(status, 400, uri);
      assert.equal(body.error, 'invalid_redirect_uri');
    }
  });

  it('#39 an error goes to a client that anybody registered by a button, after it was explained', async () => {
    const client = await register(bridge.url, { redirect_uris: [WEBSITE] });
    for (const mistake of MISTAKES) assertExplains(await ask(createAgent(), client, mistake), WEBSITE);
  });

  it('#39 an error goes at once to a client that the operator registered, or that the person connected in this browser', async () => {
    const client = await register(bridge.url, { redirect_uris: [WEBSITE] });
    const browser = createAgent();
    await login(bridge.url, client, { browser });
    const preregistered = { ...client, client_id: 'website' };
    for (const mistake of MISTAKES)
      for (const page of [await ask(browser, client, mistake), await ask(createAgent(), preregistered, mistake)]) {
        assert.equal(page.status, 302);
        assert.ok(page.location?.href.startsWith(`${WEBSITE}?error=`));
        assert.equal(page.location?.searchParams.get('state'), 'state-of-the-client');
      }
  });

  it('#39 that a person connected another client, or this one elsewhere, or only allowed it, does not count', async () => {
    const [one, other] = [WEBSITE, 'https://other.example/cb'];
    const client = await register(bridge.url, { redirect_uris: [one, other] });
    const browser = createAgent();
    await authorizeInBrowser(bridge.url, client, { browser, github: 'cancel', login: newPerson(bridge) });
    assertExplains(await ask(browser, client, { prompt: 'none' }), one);
    await login(bridge.url, client, { browser });
    assertExplains(await ask(browser, { ...client, redirectUri: other }, { prompt: 'none' }), other);
    assertExplains(await ask(browser, await register(bridge.url, { redirect_uris: [one] }), { prompt: 'none' }), one);
  });

  it('#39 a program that asks for JSON is told the error', async () => {
    const client = await register(bridge.url, { redirect_uris: [WEBSITE] });
    const url = authorizationUrl(bridge.url, client, pkce().challenge, { prompt: 'none' });
    const response = await fetch(url, { headers: { accept: 'application/json' }, redirect: 'manual' });
    assert.equal(response.status, 400);
    assert.equal(((await response.json()) as { error?: string }).error, 'interaction_required');
  });
});
