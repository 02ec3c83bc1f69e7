// A page of the browser for the length of a test, which fails when the page did what a good page never does.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Browser, newPage, type ObservedPage, type PageOptions } from '../support/browser.ts';

/** A page in a fresh profile; at the end it must have had no error, no CSP violation and no third-party request. */
export async function openPage(t: TestContext, browser: Browser, options: PageOptions = {}): Promise<ObservedPage> {
  const observed = await newPage(browser, options);
  t.after(async () => {
    await observed.close();
    assert.deepEqual(observed.problems(), []);
  });
  return observed;
}
