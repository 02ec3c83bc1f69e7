// The stylesheet may be kept for ever, because its address changes with its text.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { createPages } from '../../src/web/pages.ts';
import { stylesheet } from '../../src/web/stylesheet.ts';
import { useApp } from '../protocol/use-app.ts';

describe('the stylesheet', () => {
  const pages = createPages();
  const url = useApp(stylesheet(pages));

  it('is CSS that browsers keep for ever, under an address made of its text', async () => {
    const response = await fetch(url());
    assert.match(response.headers.get('content-type') ?? '', /^text\/css/);
    assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    const text = await response.text();
    assert.equal(text, pages.stylesheet.text);
    assert.ok(pages.stylesheet.path.includes(createHash('sha256').update(text).digest('hex').slice(0, 16)));
  });
});
