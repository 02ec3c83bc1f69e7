// The stylesheet and the logo: kept for ever, because their addresses change with their content; a logo can only be looked at.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { contrast } from '../../src/base/color.ts';
import { asset, logoAsset, stylesheetAsset } from '../../src/web/assets.ts';
import { useApp } from '../protocol/use-app.ts';

const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');

describe('a file that pages load', () => {
  const style = stylesheetAsset('a { color: red; }', {});
  const logo = logoAsset({ type: 'image/svg+xml', bytes: SVG });
  const url = useApp((ctx, next) => asset(ctx.path === logo.path ? logo : style)(ctx, next));

  it('is kept for ever, under an address made of its content', async () => {
    for (const [one, type] of [
      [style, /^text\/css/],
      [logo, /^image\/svg\+xml/],
    ] as const) {
      const response = await fetch(new URL(one.path, url()));
      assert.match(response.headers.get('content-type') ?? '', type);
      assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
      const text = await response.text();
      assert.equal(text, String(one.body));
      assert.ok(one.path.includes(createHash('sha256').update(text).digest('hex').slice(0, 16)));
    }
  });

  it('runs nothing and loads nothing when it is an SVG that somebody opens', async () => {
    const response = await fetch(new URL(logo.path, url()));
    assert.equal(
      response.headers.get('content-security-policy'),
      "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    );
  });
});

describe("the operator's colour", () => {
  it('replaces the usual one, and is readable on the dark pages too', () => {
    for (const color of ['#000000', '#6b2fb3', '#7a0010', '#0b5d1e']) {
      const css = String(stylesheetAsset('', { color }).body);
      const [accent, , dark = ''] = [...css.matchAll(/--accent(?:-hover)?:(#[\da-f]{6})/g)].map(([, found]) => found);
      assert.equal(accent, color);
      for (const surface of ['#101319', '#191d26', '#12161e', '#0c1730'])
        assert.ok(contrast(dark, surface) >= 4.5, `${color}: ${dark} on ${surface}`);
    }
  });
});
