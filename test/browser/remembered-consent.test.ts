// A consent is remembered when the person asks for that: for a website, for this person, and for exactly what was allowed.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { useBridge } from '../support/bridge.ts';
import { type Browser, launchBrowser } from '../support/browser.ts';
import {
  authorizationUrl,
  callTool,
  pkce,
  redemption,
  register,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { openPage } from './open-page.ts';
import { ALLOW, passGithub, press } from './tour.ts';

const WEBSITE = 'https://notes.example.org';
const CONSENT = /^“Notes” wants to use your GitHub/;

describe('a remembered consent', () => {
  let browser: Browser;
  const bridge = useBridge({ store: 'sqlite' });
  let client: TestClient;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());
  beforeEach(async () => {
    client = await register(bridge.url, { client_name: 'Notes', redirect_uris: [`${WEBSITE}/callback`] });
  });

  /** A browser in which the website exists. Routes of Playwright do not see the target of a redirect; the protocol does. */
  async function open(t: TestContext): Promise<Page> {
    const { page, context } = await openPage(t, browser);
    const protocol = await context.newCDPSession(page);
    const body = Buffer.from('<!doctype html><html lang="en"><title>Notes</title><h1>Notes</h1>').toString('base64');
    protocol.on('Fetch.requestPaused', ({ requestId }) => {
      // When the page was left meanwhile, its requests have ended and cannot be answered.
      protocol.send('Fetch.fulfillRequest', { requestId, responseCode: 200, body }).catch(() => {});
    });
    await protocol.send('Fetch.enable', { patterns: [{ urlPattern: `${WEBSITE}/*` }] });
    return page;
  }

  /** Opens an authorization request. @returns its verifier */
  async function ask(page: Page, parameters: Record<string, string> = {}): Promise<string> {
    const { verifier, challenge } = pkce();
    await page.goto(authorizationUrl(bridge.url, client, challenge, parameters));
    return verifier;
  }

  async function allow(page: Page, { remember }: { remember: boolean }): Promise<void> {
    if (remember) await page.getByRole('checkbox', { name: 'Do not ask me again' }).check();
    await press(page, ALLOW);
  }

  /** Redeems the code that the website just received. @returns the login of the person whose tokens it gets */
  async function whoArrived(page: Page, verifier: string): Promise<unknown> {
    const answer = new URL(page.url());
    assert.equal(answer.origin, WEBSITE);
    assert.equal(answer.searchParams.get('iss'), bridge.url);
    const code = answer.searchParams.get('code') ?? '';
    const { access_token } = tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
    return (await callTool(bridge.url, access_token, 'get_user_profile')).result?.structuredContent?.login;
  }

  const heading = (page: Page) => page.locator('h1').innerText();

  it('is not asked for again for the same request', async (t) => {
    const page = await open(t);
    await ask(page);
    await allow(page, { remember: true });
    await passGithub(page, 'octocat');
    assert.equal(await heading(page), 'Notes');
    const verifier = await ask(page);
    assert.equal(await whoArrived(page, verifier), 'octocat');
  });

  it('is asked for again when the person did not tick the box', async (t) => {
    const page = await open(t);
    await ask(page);
    await allow(page, { remember: false });
    await passGithub(page, 'octocat');
    await ask(page);
    assert.match(await heading(page), CONSENT);
  });

  it('is asked for again for another scope, for prompt=consent, and in another browser', async (t) => {
    const page = await open(t);
    await ask(page);
    await allow(page, { remember: true });
    await passGithub(page, 'octocat');
    await ask(page, { scope: 'read:user user:email' });
    assert.match(await heading(page), CONSENT);
    await ask(page, { prompt: 'consent' });
    assert.match(await heading(page), CONSENT);
    const other = await open(t);
    await ask(other);
    assert.match(await heading(other), CONSENT);
  });

  it('is asked for again when somebody else comes back from GitHub', async (t) => {
    const page = await open(t);
    await ask(page);
    await allow(page, { remember: true });
    await passGithub(page, 'octocat');
    await page.goto(`${bridge.github.url}/logout`);
    await press(page, page.getByRole('button', { name: 'Sign out' }));

    const verifier = await ask(page);
    assert.equal(new URL(page.url()).origin, bridge.github.url, 'straight to GitHub, for octocat');
    await passGithub(page, 'monalisa');
    assert.match(await heading(page), CONSENT);
    await allow(page, { remember: false });
    await passGithub(page, 'monalisa');
    assert.equal(await whoArrived(page, verifier), 'monalisa');
  });

  it('is forgotten when the person disconnects the client on the account page', async (t) => {
    const page = await open(t);
    const verifier = await ask(page);
    await allow(page, { remember: true });
    await passGithub(page, 'hubot');
    await whoArrived(page, verifier);
    await page.goto(`${bridge.url}/account`);
    await press(page, page.getByRole('button', { name: /^Sign in with GitHub/ }));
    await press(page, page.getByRole('button', { name: 'Disconnect “Notes”' }));
    await ask(page);
    assert.match(await heading(page), CONSENT);
  });

  it('is never offered for a program on this computer, or an app', async (t) => {
    const page = await open(t);
    for (const uri of ['http://localhost:45001/callback', 'cursor://app/callback']) {
      client = await register(bridge.url, { client_name: 'Notes', redirect_uris: [uri] });
      await ask(page);
      assert.match(await heading(page), CONSENT);
      assert.equal(await page.getByRole('checkbox', { name: 'Do not ask me again' }).count(), 0);
    }
  });
});
