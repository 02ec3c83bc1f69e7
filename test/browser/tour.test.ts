// Every page, as it is served: axe finds no violation, the console has no error, no page scrolls sideways, and each mirrors when it is
// written from right to left.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { axeViolations } from '../support/axe.ts';
import { bridgeFor } from '../support/bridge.ts';
import { launchBrowser, newPage } from '../support/browser.ts';
import { TOUR_BRIDGE, tour } from './tour.ts';

/** Where each block of a page begins and ends, with its borders and padding, counted from the edge where the page begins. */
async function blocks(page: Page, direction: 'ltr' | 'rtl'): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    document.documentElement.dir = '${direction}';
    const [start, end] = '${direction}' === 'ltr' ? ['Left', 'Right'] : ['Right', 'Left'];
    const isBlock = (style) => /^(?:block|flex|grid|list-item)$/.test(style.display);
    return [...document.body.querySelectorAll('*')].flatMap((element) => {
      const style = getComputedStyle(element);
      const { left, right, width } = element.getBoundingClientRect();
      if (!isBlock(style) || width === 0) return [];
      const edges = start === 'Left' ? [left, right] : [innerWidth - right, innerWidth - left];
      const inside = [start, end].map((side) => style['border' + side] + ' ' + style['padding' + side]);
      return [[element.tagName, element.className, ...edges.map(Math.round), ...inside].join(' ')];
    });
  })()`);
}

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
        if (!name.startsWith('github-')) {
          const [begun, mirrored] = [await blocks(page, 'ltr'), await blocks(page, 'rtl')];
          assert.deepEqual(mirrored, begun, `${name} mirrors`);
          await blocks(page, 'ltr');
        }
      });
      assert.deepEqual(observed.problems(), []);
    });
});
