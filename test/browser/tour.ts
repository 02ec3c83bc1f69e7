// A tour of all pages, in the order in which people meet them. tour.test.ts checks each page, screenshots.ts takes its picture.
import type { Locator, Page } from 'playwright-core';
import type { TestBridge, TestBridgeOptions } from '../support/bridge.ts';
import { UPSTREAMS_FILE } from '../support/mcp-servers.ts';
import { authorizationUrl, connect, pkce, register, type TestClient } from '../support/oauth.ts';

/** Buttons of the simulated GitHub, which is in English only. */
export const AUTHORIZE = /^Authorize /;
export const signInAs = (login: string) => new RegExp(`^(?:Sign in|Continue) as ${login}\\b`);

/** The button that connects a client to the account that GitHub named. */
export const CONNECT = 'button[name=decision][value=connect]';
/** The two buttons of the consent page, in either language. */
export const ALLOW = 'button[name=decision][value=allow]';
export const CANCEL = '.decision [value=deny]';

/** A bridge that can show every page: it has administrators and MCP servers behind it, and admits only members of an organisation. */
export const TOUR_BRIDGE: TestBridgeOptions = {
  store: 'sqlite',
  env: { ADMIN_GITHUB_USERS: 'octocat', ALLOWED_GITHUB_ORGS: 'octo-org', UPSTREAMS_FILE },
};

/**
 * Presses a button or follows a link, and waits for the page that it leads to. By the keyboard, because some buttons take the
 * clicks of a mouse only after a moment (templates/style.css).
 */
export async function press(page: Page, target: string | Locator): Promise<void> {
  const loaded = page.waitForEvent('load');
  await (typeof target === 'string' ? page.locator(target) : target).press('Enter');
  await loaded;
}

/** Presses a button with the mouse, as {@link press} does by the keyboard. */
export async function click(page: Page, target: string): Promise<void> {
  const loaded = page.waitForEvent('load');
  // Playwright asks whether the button takes clicks before it moves the pointer there, which a person does first.
  await page.mouse.move(1, 1);
  await page.locator(target).click();
  await loaded;
}

/**
 * Goes through those pages of GitHub that it shows to this browser, and through the page that the bridge shows after it, on
 * http, the first time that a person connects a client.
 */
export async function passGithub(page: Page, login: string, decision: 'authorize' | 'cancel' = 'authorize') {
  const account = page.getByRole('button', { name: signInAs(login) });
  const authorize = page.getByRole('button', { name: AUTHORIZE });
  if (await account.isVisible()) await press(page, account);
  if (decision === 'cancel') return press(page, page.getByRole('button', { name: 'Cancel' }));
  if (await authorize.isVisible()) await press(page, authorize);
  if (await page.locator(CONNECT).isVisible()) await press(page, CONNECT);
}

/**
 * @param page in a new profile
 * @param look called with each page and its name
 */
export async function tour(
  bridge: TestBridge,
  page: Page,
  look: (name: string, page: Page) => Promise<void>,
): Promise<void> {
  const { url, github } = bridge;
  const show = (name: string) => look(name, page);
  const authorize = (client: TestClient, parameters: Record<string, string> = {}) =>
    page.goto(authorizationUrl(url, client, pkce().challenge, parameters));

  await page.goto(url);
  await show('landing');
  await page.locator('#others ~ .clients > details > summary').first().click();
  await show('landing-other-server');
  await page.goto(`${url}/no-such-page`);
  await show('error-not-found');

  const inspector = await register(url, { client_name: 'MCP Inspector' });
  await authorize(inspector);
  await show('consent-loopback');
  await press(page, ALLOW);
  await show('github-sign-in');
  await press(page, page.getByRole('button', { name: signInAs('hubot') }));
  await show('github-authorize');
  await press(page, page.getByRole('button', { name: AUTHORIZE }));
  await show('error-not-allowed');
  await page.context().clearCookies();

  const website = await register(url, {
    client_name: 'Example Notes',
    client_uri: 'https://www.example.org/notes',
    redirect_uris: ['https://notes.example.org/oauth/callback'],
  });
  await authorize(website, { scope: 'repo read:org user:email workflow delete_repo offline_access made_up' });
  await show('consent-website');
  for (const server of ['github', 'notes', 'weather']) {
    await authorize(website, { resource: `${url}/mcp/${server}`, scope: 'repo workflow' });
    await show(`consent-server-${server}`);
  }

  const hostile = await register(url, {
    client_name: 'גיטהאב مرحبا “GitHub”',
    redirect_uris: [`https://${'github.com.'.repeat(20)}evil.example/callback`],
  });
  await authorize(hostile, { ui_locales: '"><b> __proto__ ../ja xx-ja' });
  await show('consent-hostile');

  await page.goto(authorizationUrl(url, { ...inspector, client_id: 'gone' }, pkce().challenge));
  await show('error-unknown-client');
  await authorize({ ...inspector, redirectUri: 'https://elsewhere.example/callback' });
  await show('error-redirect-uri');
  await page.goto(`${url}/authorize`);
  await show('error-invalid-request');
  await authorize(inspector);
  bridge.advance(901);
  await press(page, ALLOW);
  await show('error-expired');
  await authorize(inspector);
  const cookies = await page.context().cookies();
  await page.context().clearCookies();
  await press(page, ALLOW);
  await show('error-no-cookies');
  await page.context().addCookies(cookies);
  await page.goto(github.url);
  await page.evaluate(`(() => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = ${JSON.stringify(`${url}/consent`)};
    document.body.append(form);
    form.submit();
  })()`);
  await page.waitForURL(`${url}/consent`);
  await show('error-forged-form');

  const failing = async (name: string, breakGithub: () => () => void) => {
    const mend = breakGithub();
    await authorize(inspector);
    await press(page, ALLOW);
    await passGithub(page, 'octocat');
    await show(name);
    mend();
  };
  const registered = github.app(bridge.config.github.clientId);
  await failing('error-github-unreachable', () => {
    github.fault({ kind: 'status', status: 503, path: '/login/oauth/access_token', times: Number.POSITIVE_INFINITY });
    return () => github.clearFaults();
  });
  await failing('error-github-misconfigured', () => {
    const { clientSecret } = registered;
    registered.clientSecret = 'another secret than the bridge has';
    return () => {
      registered.clientSecret = clientSecret;
    };
  });
  await failing('error-github-suspended', () => {
    registered.suspended = true;
    return () => {
      registered.suspended = false;
    };
  });

  for (const [login, client_name, path, scope] of [
    ['octocat', 'Claude Code', '/mcp', 'read:user'],
    ['octocat', 'Claude Code', '/mcp/github', 'repo'],
    ['octocat', 'Visual Studio Code', '/mcp/notes', 'repo user:email'],
    ['monalisa', 'ChatGPT', '/mcp/github', 'read:user'],
  ] as const)
    await connect(url, { login, metadata: { client_name }, parameters: { scope, resource: `${url}${path}` } });
  await page.goto(`${url}/account`);
  await show('account-signed-out');
  await press(page, 'main form button');
  await passGithub(page, 'octocat');
  await page.waitForURL(`${url}/account`);
  await show('account');
  await press(page, page.locator('.session button').first());
  await show('account-disconnected');
  await page.goto(`${url}/account/sessions`);
  await show('admin');
  await page.goto(`${url}/account/sessions?query=monalisa`);
  const details = page.locator('section > details > summary');
  for (const summary of await details.all()) await summary.click();
  await show('admin-person');
  await page.locator('[name=reason]').fill('Left the company');
  await press(page, 'form[action$="/block"] button');
  await show('admin-blocked');
  await page.goto(`${url}/account/sessions?show=blocked`);
  await show('admin-blocked-people');
  await press(page, 'form[action$="/unblock"] button');
  await page.goto(`${url}/account/sessions`);
  await page.locator('#query').fill('nobody');
  await press(page, '.search button');
  await show('admin-none-found');
  await page.goto(`${url}/account`);
  await page.locator('details.all-apps summary').click();
  await press(page, 'details.all-apps button');
  await show('account-empty');

  const app = await register(url, {
    client_name: 'Cursor',
    redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'],
  });
  await authorize(app);
  await show('consent-app');
  await press(page, CANCEL);
  await show('returning-denied');
  const tab = await page.context().newPage();
  await tab.goto(authorizationUrl(url, app, pkce().challenge, { resource: `${url}/mcp/github` }));
  await press(tab, ALLOW);
  await look('connect', tab);
  await press(tab, CONNECT);
  await look('returning-allowed', tab);
}
