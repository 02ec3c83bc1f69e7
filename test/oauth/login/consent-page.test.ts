// The consent page: which client asks, for what, and where the answer goes, before GitHub is involved (RFC 9700 section
// 4.13, design decisions 11 and 13). How it looks is in test/web/pages.test.ts, what a hostile client can write on it in
// test/threats/browser-binding.test.ts, when a domain counts as verified in test/threats/client-documents.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messages } from '../../../src/web/locale.ts';
import { createAgent } from '../../support/agent.ts';
import { useBridge } from '../../support/bridge.ts';
import { UPSTREAMS_FILE } from '../../support/mcp-servers.ts';
import { authorizationUrl, pkce, register } from '../../support/oauth.ts';
import { CALENDAR } from '../clients-file.ts';

describe('the consent page', () => {
  const bridge = useBridge({
    store: 'sqlite',
    env: { RESOURCES: CALENDAR, ALLOWED_GITHUB_ORGS: 'octo-org', UPSTREAMS_FILE },
  });

  async function page(metadata: Record<string, unknown>, parameters: Record<string, string> = {}) {
    const client = await register(bridge.url, metadata);
    bridge.github.clearCalls();
    return createAgent().get(authorizationUrl(bridge.url, client, pkce().challenge, parameters));
  }
  const HTTPS = { client_name: 'An app', redirect_uris: ['https://app.example/callback'] };
  const LOOPBACK = { redirect_uris: ['http://127.0.0.1:4711/callback'] };

  it('names the client, where the answer goes and the scopes, and has asked GitHub nothing', async () => {
    const { text, headers } = await page(HTTPS, { scope: 'gist' });
    for (const words of ['An app', 'app.example', 'gist', 'read:user']) assert.ok(text.includes(words), words);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.deepEqual(bridge.github.calls, []);
  });

  it('names a scope of the policy as asked by this server, unless the client asks for it too', async () => {
    const [forClient = '', forPolicy = ''] = (await page(HTTPS)).html.split(messages('en').consent.policyScopes);
    assert.doesNotMatch(forClient, /<code>read:org</);
    assert.match(forPolicy, /<code>read:org</);
    const wider = await page(HTTPS, { scope: 'admin:org' });
    assert.equal(wider.html.includes(messages('en').consent.policyScopes), false);
  });

  it('names another resource server, and not this one', async () => {
    assert.ok((await page(HTTPS, { resource: CALENDAR })).text.includes(CALENDAR));
    assert.equal((await page(HTTPS)).text.includes(`${bridge.url}/mcp`), false);
  });

  it('names the MCP server that gets the calls, and says what it gets of the person', async () => {
    for (const [name, title, sentence] of [
      ['github', 'GitHub', 'github-mcp.octo.example will receive your GitHub token, with the access listed below'],
      ['notes', 'Team notes', 'notes.internal:8080 will learn your GitHub account'],
      ['weather', 'Weather', 'weather.example learns nothing about your GitHub account'],
    ] as const) {
      const { text, html } = await page(HTTPS, { resource: `${bridge.url}/mcp/${name}` });
      assert.ok(text.includes(sentence), text);
      assert.ok(html.includes(`<bdi>${title}</bdi>`), name);
      assert.equal(text.includes(`${bridge.url}/mcp`), false);
    }
    assert.doesNotMatch((await page(HTTPS)).text, /will receive|will learn|learns nothing/);
  });

  it('lists a scope of the policy among the access of a server that gets the GitHub token, because the token has it', async () => {
    const github = await page(HTTPS, { resource: `${bridge.url}/mcp/github` });
    assert.equal(github.html.includes(messages('en').consent.policyScopes), false);
    assert.match(github.html, /<code>read:org</);
    const notes = await page(HTTPS, { resource: `${bridge.url}/mcp/notes` });
    assert.ok(notes.html.includes(messages('en').consent.policyScopes));
  });

  it('lets nobody untick what a server gets with the GitHub token in any case, nor who the person is', async () => {
    const boxes = async (scope: string, resource: string) =>
      [...(await page(HTTPS, { scope, resource })).html.matchAll(/name="scope:([^"]*)"/g)].map(([, name]) => name);
    const [github, notes] = [`${bridge.url}/mcp/github`, `${bridge.url}/mcp`];
    const scope = 'email user:email read:org repo';
    assert.deepEqual(await boxes(scope, github), ['repo']);
    assert.deepEqual(await boxes(scope, notes), ['repo', 'user:email', 'read:org']);
    const wide = await page(HTTPS, { scope: 'admin:org', resource: github });
    assert.match(wide.html, /<code>read:org</, 'the token has it also without admin:org');
    assert.match((await page(HTTPS, { scope: 'user' })).html, /<code>read:user</, 'asked for also without user');
  });

  it('says that nobody verified the domain of a registered client, whatever it calls its home page', async () => {
    const { html } = await page({ ...HTTPS, client_uri: 'https://app.example' });
    assert.doesNotMatch(html, /class="[^"]*verified/);
  });

  it('offers to remember the consent where one program alone can answer', async () => {
    assert.match((await page(HTTPS)).html, /name="remember"/);
    for (const metadata of [LOOPBACK, { redirect_uris: ['cursor://app/callback'] }])
      assert.doesNotMatch((await page(metadata)).html, /name="remember"/);
  });

  it('speaks the language that the client asks for', async () => {
    assert.equal((await page(HTTPS, { ui_locales: 'fr ja' })).headers.get('content-language'), 'ja');
  });

  it('is told as an event each time it is shown', async () => {
    const before = bridge.eventsOf('consent.shown').length;
    await page(HTTPS);
    assert.deepEqual(
      bridge
        .eventsOf('consent.shown')
        .slice(before)
        .map(({ remembered }) => remembered),
      [false],
    );
  });
});

describe('the consent page, with a GitHub App', () => {
  const bridge = useBridge({ store: 'sqlite', env: { GITHUB_CLIENT_ID: 'Iv23liTestApp', UPSTREAMS_FILE } });

  it('does not say that what is given limits the token that a server gets', async () => {
    const client = await register(bridge.url, { redirect_uris: ['https://app.example/callback'] });
    const { text } = await createAgent().get(
      authorizationUrl(bridge.url, client, pkce().challenge, { resource: `${bridge.url}/mcp/github`, scope: 'repo' }),
    );
    assert.match(text, /will receive your GitHub token at every call\. .*permissions of the operator’s GitHub App/);
    assert.match(text, /The app will be able to/);
    assert.doesNotMatch(text, /access listed below|The app and github-mcp/);
  });
});
