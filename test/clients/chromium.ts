// The person in Chromium: reads the bridge's consent page and the pages of GitHub, and clicks.

import type { Page } from 'playwright-core';

/** Clicks from the consent page to the end of the login, as long as the window is open. */
export async function logInOn(page: Page, login: string): Promise<void> {
  const bridge = new URL(page.url()).origin;
  // By the keyboard, because these buttons take the clicks of a mouse only when it has been on the page for a moment.
  await page.getByRole('button', { name: 'Allow' }).press('Enter');
  await page.waitForURL(({ origin }) => origin !== bridge);
  const github = new URL(page.url()).origin;
  const account = page.locator(`button[name="login"][value="${login}"]`);
  const authorize = page.locator('button[name="authorize"][value="1"]');
  const closed = page.waitForEvent('close');
  // GitHub remembers who signed in, and which apps that person authorized, so either of its pages may be missing.
  for (const button of [account, authorize]) {
    const gone = page.waitForURL(({ origin }) => origin !== github).catch(() => {});
    await Promise.race([button.waitFor(), authorize.waitFor(), gone, closed]);
    if (!page.isClosed() && (await button.isVisible())) await button.click();
  }
  const connect = page.getByRole('button', { name: 'Connect' });
  const away = page.waitForURL(({ origin }) => origin !== bridge && origin !== github).catch(() => {});
  await Promise.race([connect.waitFor(), away, closed]);
  if (!page.isClosed() && (await connect.isVisible())) await connect.press('Enter');
  closed.catch(() => {}); // nothing waits for it any more
}
