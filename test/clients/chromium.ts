// The person in Chromium: reads the bridge's pages and those of GitHub, and presses what leads on.

import type { Page } from 'playwright-core';

/**
 * Goes from the consent page to the client's redirect URI, as long as the window is open. GitHub remembers who signed in and
 * which apps that person authorized, and the bridge which clients, so any page but the first may be missing.
 */
export async function logInOn(page: Page, login: string): Promise<void> {
  const redirectUri = new URL(new URL(page.url()).searchParams.get('redirect_uri') ?? '');
  const button = page
    .locator('button[name="decision"][value="allow"]')
    .or(page.locator(`button[name="login"][value="${login}"]`))
    .or(page.locator('button[name="authorize"][value="1"]'))
    .or(page.locator('button[name="decision"][value="connect"]'))
    .first();
  const over = Promise.race([
    page.waitForURL(({ origin }) => origin === redirectUri.origin),
    page.waitForEvent('close'),
  ]).catch(() => {});
  for (;;) {
    const isOver = await Promise.race([over.then(() => true), button.waitFor().then(() => false)]);
    if (isOver || page.isClosed()) return;
    const before = page.url();
    // By the keyboard, because some buttons take the clicks of a mouse only when it has been on the page for a moment.
    await button.press('Enter');
    await Promise.race([page.waitForURL(({ href }) => href !== before), over]);
  }
}
