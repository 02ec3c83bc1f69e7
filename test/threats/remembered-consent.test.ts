// A remembered consent serves the person and the client's own site, and answers no stranger's link with a code.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Agent, createAgent } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { authorizationUrl, passGithub, pkce, register, returnToClient } from '../support/oauth.ts';

const REDIRECT = 'https://notes.example/callback';

onBothStores('a remembered consent', (store) => {
  const bridge = useBridge({ store });

  /** A browser in which the person let the consent be remembered, and a way to open the same request again. */
  async function remembered() {
    const client = { ...(await register(bridge.url, { redirect_uris: [REDIRECT] })), redirectUri: REDIRECT };
    const url = () => authorizationUrl(bridge.url, client, pkce().challenge);
    const browser = createAgent();
    const page = await browser.get(url());
    const decided = await browser.submit(page.form('/consent'), { button: 'allow', fields: { remember: '1' } });
    await returnToClient(browser, await passGithub(browser, decided, 'octocat'));
    return { browser, url: url() };
  }

  async function isAsked(browser: Agent, url: string, options: Parameters<Agent['get']>[1]): Promise<boolean> {
    const page = await browser.get(url, options);
    return page.location === undefined && page.forms().some((form) => form.action.pathname === '/consent');
  }

  const link = (from: string, referer: string | undefined) => ({ from: new URL(from), headers: { referer } });

  it('#32 serves who came by no link, and the link of the client itself', async () => {
    const { browser, url } = await remembered();
    assert.equal(await isAsked(browser, url, {}), false);
    assert.equal(await isAsked(browser, url, link('https://notes.example/', 'https://notes.example/')), false);
  });

  it('#32 is asked again for the link of anybody else', async () => {
    const { browser, url } = await remembered();
    for (const referer of [undefined, 'https://evil.example/', 'https://notes.example.evil.example/', 'about:blank'])
      assert.equal(await isAsked(browser, url, link('https://evil.example/', referer)), true, String(referer));
  });

  it('#32 is asked again for a link on a page of this server, whose button leads where a client wants', async () => {
    const { browser, url } = await remembered();
    assert.equal(await isAsked(browser, url, link(`${bridge.url}/authorize`, `${bridge.url}/authorize`)), true);
    const client = await register(bridge.url, { redirect_uris: [url] });
    const page = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge, { prompt: 'none' }));
    assert.equal(page.status, 400);
    assert.equal(page.buttonLink, undefined);
    assert.match(page.text, /redirect_uri is on this server/);
  });

  it('#32 is judged by the referrer where a browser sends no Sec-Fetch-Site', async () => {
    const { browser, url } = await remembered();
    const old = (referer: string | undefined) => ({ headers: { 'sec-fetch-site': undefined, referer } });
    assert.equal(await isAsked(browser, url, old(undefined)), false);
    assert.equal(await isAsked(browser, url, old('https://notes.example/')), false);
    assert.equal(await isAsked(browser, url, old('https://evil.example/')), true);
  });
});
