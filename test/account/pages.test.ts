// The account page and, for administrators, everybody's sessions: every form comes from a page of ours, with the CSRF
// value of its signing-in, and ends nobody else's sessions. Attacks are in test/threats/browser-binding.test.ts (#7), the
// pages in a real browser in test/browser/account.test.ts; what an end does is in test/oauth/session-ending.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { grant, liveSession } from '../../src/store/conformance/fixtures.ts';
import { createAgent } from '../support/agent.ts';
import { useBridge } from '../support/bridge.ts';
import { UPSTREAMS_FILE } from '../support/mcp-servers.ts';
import { callTool, connect } from '../support/oauth.ts';
import { signIn } from './sign-in.ts';

describe('the account page', () => {
  const bridge = useBridge({ store: 'sqlite', env: { ADMIN_GITHUB_USERS: 'monalisa' } });
  const isAlive = async ({ tokens }: Awaited<ReturnType<typeof connect>>) =>
    (await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status === 200;
  const sessionOf = async (text: string) => {
    const [session] = (await bridge.bridge.directory.search(text)).sessions;
    return session === undefined ? '' : bridge.bridge.directory.describe(session).session;
  };

  it('offers a stranger to sign in, and nothing else but another language', async () => {
    const page = await createAgent().get(`${bridge.url}/account`);
    assert.equal(page.status, 200);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.deepEqual(
      page.forms().map(({ action }) => action.pathname),
      ['/preferences', '/account/sign-in'],
    );
  });

  it('shows the person’s own sessions, and where GitHub lists this app', async () => {
    await connect(bridge.url, { login: 'hubot', metadata: { client_name: 'Mine' } });
    await connect(bridge.url, { login: 'octocat', metadata: { client_name: 'Not mine' } });
    const { page } = await signIn(bridge, 'hubot');
    assert.ok(page.text.includes('Mine'));
    assert.equal(page.text.includes('Not mine'), false);
    const { url, clientId } = bridge.config.github;
    assert.ok(page.html.includes(`${url}/settings/connections/applications/${clientId}`));
  });

  it('disconnects the session that its form names, and never another person’s', async () => {
    const mine = await connect(bridge.url, { login: 'hubot' });
    const others = await connect(bridge.url, { login: 'octocat' });
    const { browser, page } = await signIn(bridge, 'hubot');
    const form = page.form('/account/disconnect');
    for (const session of [await sessionOf(others.client.client_id), 'nonsense', '']) {
      const answer = await browser.submit(form, { fields: { session } });
      assert.equal(answer.location?.href, `${bridge.url}/account?notice=disconnected`, 'which tells nothing');
    }
    assert.deepEqual([await isAlive(mine), await isAlive(others)], [true, true]);
    await browser.submit(form, { fields: { session: await sessionOf(mine.client.client_id) } });
    assert.deepEqual([await isAlive(mine), await isAlive(others)], [false, true]);
  });

  it('disconnects all of one person, on the button for that', async () => {
    const [one, other] = [await connect(bridge.url, { login: 'hubot' }), await connect(bridge.url, { login: 'hubot' })];
    const bystander = await connect(bridge.url, { login: 'octocat' });
    const { browser, page } = await signIn(bridge, 'hubot');
    const answer = await browser.submit(page.form('/account/disconnect-all'));
    assert.equal(answer.location?.href, `${bridge.url}/account?notice=disconnected_all`);
    assert.deepEqual([await isAlive(one), await isAlive(other), await isAlive(bystander)], [false, false, true]);
  });

  it('says what was done for a while, and nothing that a stranger’s link names', async () => {
    await connect(bridge.url, { login: 'hubot', metadata: { client_name: 'Named app' } });
    const { browser, page } = await signIn(bridge, 'hubot');
    const linked = async (notice: string) => (await browser.get(`${bridge.url}/account?notice=${notice}`)).html;
    for (const notice of ['disconnected', 'disconnected_all', 'signed_out'])
      assert.doesNotMatch(await linked(notice), /role="status"/, notice);
    await browser.submit(page.form('/account/disconnect'));
    assert.match(await linked('disconnected'), /role="status">.*Named app/s);
    assert.doesNotMatch(await linked('disconnected_all'), /role="status"/);
    bridge.advance(61);
    assert.doesNotMatch(await linked('disconnected'), /role="status"/);
  });

  it('takes no form from another site, without its CSRF value, or from nobody', async () => {
    const session = await connect(bridge.url, { login: 'octocat' });
    const { browser, page } = await signIn(bridge, 'octocat');
    const form = page.form('/account/disconnect-all');
    const cross = await browser.submit(form, { headers: { 'sec-fetch-site': 'cross-site' } });
    assert.equal(cross.status, 403);
    for (const csrf of ['', 'x', undefined])
      assert.equal((await browser.submit(form, { fields: { csrf } })).status, 403, csrf);
    assert.equal((await createAgent().submit(form)).status, 400);
    assert.equal(await isAlive(session), true);
  });

  it('is there for administrators with everybody’s sessions, found by a text, and ends one', async () => {
    const session = await connect(bridge.url, { login: 'octocat', metadata: { client_name: 'Searched for' } });
    await connect(bridge.url, { login: 'hubot', metadata: { client_name: 'Something else' } });
    const { browser } = await signIn(bridge, 'monalisa');
    const page = await browser.get(`${bridge.url}/account/sessions?query=SEARCHED`);
    assert.equal(page.status, 200);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.ok(page.text.includes('Searched for') && !page.text.includes('Something else'));
    const answer = await browser.submit(page.form('/account/sessions/revoke'));
    assert.equal(answer.status, 303);
    assert.equal(answer.location?.href, `${bridge.url}/account/sessions?query=SEARCHED&notice=disconnected`);
    assert.equal(await isAlive(session), false);
    const { reason, by } = bridge.eventsOf('grant.ended').at(-1) ?? {};
    assert.deepEqual({ reason, by }, { reason: 'administrator', by: 'administrator' });
  });

  it('ends for an administrator the session that is named in full, not one that begins so', async () => {
    const session = await connect(bridge.url, { login: 'octocat' });
    const name = await sessionOf(session.client.client_id);
    const { browser } = await signIn(bridge, 'monalisa');
    const form = (await browser.get(`${bridge.url}/account/sessions`)).form('/account/sessions/revoke');
    await browser.submit(form, { fields: { session: name.slice(0, -1) } });
    assert.equal(await isAlive(session), true);
  });

  it('has no administrators’ part for anybody else', async () => {
    const session = await connect(bridge.url, { login: 'hubot' });
    const { browser, page } = await signIn(bridge, 'octocat');
    for (const agent of [browser, createAgent()])
      assert.equal((await agent.get(`${bridge.url}/account/sessions`)).status, 404);
    const form = page.form('/account/disconnect-all');
    const revoke = { ...form, action: new URL('/account/sessions/revoke', bridge.url) };
    const fields = { session: await sessionOf(session.client.client_id) };
    assert.equal((await browser.submit(revoke, { fields })).status, 404);
    assert.equal(await isAlive(session), true);
  });
});

describe('the account page of a bridge with MCP servers behind it', () => {
  const bridge = useBridge({ store: 'sqlite', env: { UPSTREAMS_FILE, ADMIN_GITHUB_USERS: 'monalisa' } });

  /** What the page says of the servers of its sessions. */
  const serversIn = (html: string) =>
    [...html.matchAll(/For the server<\/dt>([\s\S]*?)<\/div>/g)].map(([, server = '']) =>
      server
        .replace(/<[^>]*>/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    );

  it('names the server of each session, and says which has the GitHub token', async () => {
    for (const [login, path, server] of [
      ['hubot', '/mcp/github', 'GitHub github-mcp.octo.example Has your GitHub token'],
      ['octocat', '/mcp/notes', 'Team notes notes.internal:8080'],
      ['monalisa', '/mcp', `${bridge.url}/mcp`],
    ] as const) {
      await connect(bridge.url, { login, parameters: { resource: `${bridge.url}${path}` } });
      assert.deepEqual(serversIn((await signIn(bridge, login)).page.html), [server], path);
    }
  });

  it('names the server of everybody’s sessions to administrators, who find them by it', async () => {
    await connect(bridge.url, { login: 'hubot', parameters: { resource: `${bridge.url}/mcp/github` } });
    const { browser } = await signIn(bridge, 'monalisa');
    const { html, text } = await browser.get(`${bridge.url}/account/sessions?query=mcp/github`);
    assert.equal(serversIn(html)[0], 'GitHub github-mcp.octo.example Has the GitHub token');
    assert.ok(text.includes('hubot') && !text.includes('Team notes'));
  });

  it('still names by its host a server that is not configured any more', async () => {
    const { id } = bridge.github.account('hubot');
    const recipient = { address: 'https://gone.example:8443/mcp', credential: 'github' } as const;
    await liveSession(bridge.store, bridge.bridge.personTag(id), 'gone'.padEnd(16, '-'), {
      grant: { ...grant, recipient },
    });
    const { page } = await signIn(bridge, 'hubot');
    assert.ok(serversIn(page.html).includes('gone.example:8443 Has your GitHub token'), page.text);
  });
});
