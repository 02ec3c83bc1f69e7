// A browser page for one test. The test fails when the page had an error, a CSP violation or a third-party request.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Browser, newPage, type ObservedPage, type PageOptions } from '../support/browser.ts';

/** Opens a page in a new profile, and checks its record when the test is over. */
export async function openPage(t: TestContext, browser: Browser, options: PageOptions = {}): Promise<ObservedPage> {
  const observed = await newPage(browser, options);
  t.after(async () => {
    await observed.close();
    assert.deepEqual(observed.problems(), []);
  });
  return observed;
}
