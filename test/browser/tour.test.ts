// Every page, as it is served: axe finds no violation, the console has no error, and no page scrolls sideways.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { axeViolations } from '../support/axe.ts';
import { bridgeFor } from '../support/bridge.ts';
import { launchBrowser, newPage } from '../support/browser.ts';
import { TOUR_BRIDGE, tour } from './tour.ts';

describe('every page of the bridge and of the simulated GitHub', () => {
  for (const [locale, colorScheme] of [
    ['en-US', 'light'],
    ['ja-JP', 'dark'],
  ] as const)
    it(`has no violation, no console error and no sideways scrolling in ${locale}, ${colorScheme}`, async (t) => {
      const bridge = await bridgeFor(t, TOUR_BRIDGE);
      const browser = await launchBrowser();
      t.after(() => browser.close());
      const observed = await newPage(browser, { locale, colorScheme, viewport: { width: 400, height: 800 } });
      await tour(bridge, observed.page, async (name, page) => {
        const language = name.startsWith('github-') ? 'en' : locale.slice(0, 2);
        assert.equal(await page.locator('html').getAttribute('lang'), language, name);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false, name);
        assert.deepEqual(await axeViolations(page), [], name);
      });
      assert.deepEqual(observed.problems(), []);
    });
});
