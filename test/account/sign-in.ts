// Signing in to the account page, as a person does it in a browser.
import { type Agent, createAgent, type Page } from '../support/agent.ts';
import type { TestBridge } from '../support/bridge.ts';
import { passGithub } from '../support/oauth.ts';

export interface SignedInBrowser {
  readonly browser: Agent;
  /** The account page, signed in. */
  readonly page: Page;
}

/** Presses the button to sign in. @returns the redirect to GitHub */
export async function beginSignIn(bridge: TestBridge, browser: Agent): Promise<Page> {
  return browser.submit((await browser.get(`${bridge.url}/account`)).form('/account/sign-in'));
}

/** Signs in, in a new browser unless one is given. */
export async function signIn(bridge: TestBridge, login: string, browser = createAgent()): Promise<SignedInBrowser> {
  const back = await passGithub(browser, await beginSignIn(bridge, browser), login);
  return { browser, page: await browser.followAll(back) };
}
