// `GET /`: a page for people, the same as JSON for programs that ask for it. What the page shows is tested in
// pages.test.ts; that it lists no administrators' tool in test/app.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { landing } from '../../src/web/landing.ts';
import { createPages } from '../../src/web/pages.ts';
import { createWeb } from '../../src/web/web.ts';
import { useApp } from '../protocol/use-app.ts';

const ISSUER = 'https://bridge.example';
const tools = [{ name: 'get_user_profile', title: 'Get the GitHub profile', scopes: ['read:user'] }];
const web = createWeb(createPages(), ISSUER, 'https://github.com');

describe('the front page', () => {
  const url = useApp(landing({ issuer: ISSUER, web, tools, simulated: false }));
  const get = (accept: string, query = '') => fetch(`${url()}/${query}`, { headers: { accept } });

  it('is a page unless JSON is preferred', async () => {
    for (const accept of ['*/*', 'text/html', 'text/html,application/json;q=0.9']) {
      const response = await get(accept);
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/, accept);
      assert.match(response.headers.get('vary') ?? '', /\bAccept\b/);
      assert.ok((await response.text()).includes(`${ISSUER}/mcp`));
    }
  });

  it('tells programs the same as JSON', async () => {
    const document = (await (await get('application/json')).json()) as Record<string, unknown>;
    assert.deepEqual(
      { issuer: document.issuer, mcp: document.mcp, sse: document.sse, tools: document.tools },
      { issuer: ISSUER, mcp: `${ISSUER}/mcp`, sse: `${ISSUER}/sse`, tools },
    );
  });

  it('speaks the language of its link', async () => {
    assert.equal((await get('text/html', '?ui_locales=ja')).headers.get('content-language'), 'ja');
    assert.equal((await get('text/html', '?ui_locales=ja&ui_locales=ja')).headers.get('content-language'), 'en');
  });
});

describe('the front page of the demo', () => {
  const url = useApp(landing({ issuer: ISSUER, web, tools, simulated: true }));
  const other = useApp(landing({ issuer: ISSUER, web, tools, simulated: false }));

  it('says that its GitHub is simulated', async () => {
    const [demo, real] = await Promise.all([url(), other()].map(async (at) => (await fetch(at)).text()));
    assert.match(demo ?? '', /simulated/i);
    assert.doesNotMatch(real ?? '', /simulated/i);
  });
});
