// The gallery's pages on the narrowest telephone: nothing is wider than the page, cut off, or loaded from elsewhere; and the
// distances that a person would notice.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LOCALES } from '../../src/web/locale.ts';
import { type Browser, launchBrowser } from '../support/browser.ts';
import { serveGallery } from './gallery.ts';
import { openPage } from './open-page.ts';

/** Texts that are cut off: wider than their box, which hides the rest. */
const CUT_OFF = `[...document.querySelectorAll('body *')].filter((element) =>
  element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== 'visible').length`;
/** CSS pixels between the lower edge of an element and the upper edge of another. */
const gap = (upper: string, lower: string) =>
  `document.querySelector('${lower}').getBoundingClientRect().top - document.querySelector('${upper}').getBoundingClientRect().bottom`;
/** What stands on the first line of the host to which the answer goes, as the browser breaks it. */
const FIRST_LINE = `(() => {
  const text = document.querySelector('.facts .host bdi').firstChild;
  const range = document.createRange();
  range.setStart(text, 0);
  for (let end = 1; end <= text.length; end++) {
    range.setEnd(text, end);
    if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) return text.data.slice(0, end - 1);
  }
  return text.data;
})()`;

describe('the gallery of pages', () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  for (const locale of LOCALES)
    it(`fits on a telephone, whatever stands on it (${locale})`, async (t) => {
      const gallery = await serveGallery(locale);
      t.after(gallery.close);
      const { page } = await openPage(t, browser, { viewport: { width: 360, height: 640 } });
      for (const name of gallery.names) {
        await page.goto(`${gallery.url}/${name}`);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false, name);
        assert.equal(await page.evaluate(CUT_OFF), 0, name);
      }
    });

  it('keeps distances, and the shape of a wide logo', async (t) => {
    const gallery = await serveGallery('en');
    t.after(gallery.close);
    const { page } = await openPage(t, browser, { viewport: { width: 360, height: 640 } });
    await page.goto(`${gallery.url}/consent-verified`);
    assert.ok(Number(await page.evaluate(gap('.check:has([name=remember])', '.small'))) >= 12);
    assert.equal(await page.evaluate("getComputedStyle(document.querySelector('.logo')).objectFit"), 'contain');
    assert.deepEqual(await page.locator('.facts dd').allInnerTexts(), ['chatgpt.com', 'Verified domain'], 'once');
    await page.goto(`${gallery.url}/consent-hostile-host`);
    assert.match(await page.evaluate<string>(FIRST_LINE), /^…\u2060?ub\.com/, 'the ellipsis is on no line of its own');
    await page.goto(`${gallery.url}/account-25`);
    assert.ok(Number(await page.evaluate(gap('.session h2', '.session .kinds'))) < 4);
  });
});
