// How a route answers with a page: in the language that the client names, or that the browser prefers, and told what
// every page is told.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useApp } from '../protocol/use-app.ts';
import { textOf } from '../support/html.ts';
import { makeWeb } from '../support/web.ts';

describe('a page', () => {
  const web = makeWeb('https://github.example.com/prefix');
  const url = useApp((ctx) => {
    const githubSettingsUrl = 'https://github.example.com/settings';
    web.page(ctx, 'account', String(ctx.query.ui_locales ?? ''), { sessions: [], csrf: '', now: 0, githubSettingsUrl });
  });
  const get = async (query = '', language = 'en') => {
    const response = await fetch(`${url()}/${query}`, { headers: { 'accept-language': language } });
    return { headers: response.headers, text: await response.text() };
  };

  it('is HTML in a language that it names, and which caches keep apart', async () => {
    for (const [query, language, expected] of [
      ['', 'ja,en;q=0.5', 'ja'],
      ['?ui_locales=en', 'ja', 'en'],
      ['?ui_locales=fr', 'ja', 'ja'],
    ] as const) {
      const { headers, text } = await get(query, language);
      assert.match(headers.get('content-type') ?? '', /^text\/html; charset=utf-8/);
      assert.equal(headers.get('content-language'), expected);
      assert.match(headers.get('vary') ?? '', /\bAccept-Language\b/);
      assert.ok(text.includes(`<html lang="${expected}" dir="ltr">`));
    }
  });

  it('names the GitHub that this bridge stands before, by its host', async () => {
    assert.ok(textOf((await get()).text).includes('Sign in with GitHub (github.example.com)'));
  });
});
