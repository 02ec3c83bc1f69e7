// `GET /`: a page for people, the same as JSON for programs that ask for it. What the page shows is tested in
// pages.test.ts; that it lists no administrators' tool in test/app.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { McpUpstream } from '../../src/config/upstreams.ts';
import { createResources } from '../../src/oauth/resource-indicators.ts';
import { landing } from '../../src/web/landing.ts';
import { useApp } from '../protocol/use-app.ts';
import { makeWeb } from '../support/web.ts';

const ISSUER = 'https://bridge.example';
const tools = [{ name: 'get_user_profile', title: 'Get the GitHub profile', scopes: ['read:user'] }];
const web = makeWeb();

const base = { issuer: ISSUER, web, tools, operator: {}, simulated: false };
const resourcesOf = (...upstreams: readonly McpUpstream[]) =>
  createResources({ publicUrl: ISSUER, scopes: [], upstreams, others: ['https://calendar.example'] });

function behind(name: string | undefined, title: string, credential: McpUpstream['credential']): McpUpstream {
  const rest = { scopes: [], headers: {}, denyTools: [], firstByteTimeout: 300 };
  return {
    ...(name === undefined ? {} : { name }),
    url: 'http://notes.internal:8080/mcp?x=1',
    title,
    credential,
    ...rest,
  };
}

describe('the front page', () => {
  const url = useApp(landing({ ...base, resources: resourcesOf() }));
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
    assert.deepEqual(document.servers, [{ name: 'github-account', url: `${ISSUER}/mcp` }]);
  });

  it('speaks the language of its link', async () => {
    assert.equal((await get('text/html', '?ui_locales=ja')).headers.get('content-language'), 'ja');
    assert.equal((await get('text/html', '?ui_locales=ja&ui_locales=ja')).headers.get('content-language'), 'en');
  });
});

describe('the front page of a bridge with MCP servers behind it', () => {
  const both = useApp(
    landing({
      ...base,
      resources: resourcesOf(behind('github', 'GitHub', 'github'), behind('notes', 'Notes', 'none')),
    }),
  );
  const alone = useApp(landing({ ...base, resources: resourcesOf(behind(undefined, 'Team notes!', 'identity')) }));
  const crowded = useApp(
    landing({
      ...base,
      resources: resourcesOf(behind('team-notes', 'Other', 'none'), behind(undefined, 'Team notes', 'none')),
    }),
  );
  const json = async (url: () => string) =>
    (await (await fetch(url(), { headers: { accept: 'application/json' } })).json()) as Record<string, unknown>;
  const host = 'notes.internal:8080';

  it('lists them after its own tools, each at its path, and none of RESOURCES', async () => {
    const document = await json(both);
    assert.deepEqual(document.servers, [
      { name: 'github-account', url: `${ISSUER}/mcp` },
      { name: 'github', url: `${ISSUER}/mcp/github`, title: 'GitHub', host, credential: 'github' },
      { name: 'notes', url: `${ISSUER}/mcp/notes`, title: 'Notes', host, credential: 'none' },
    ]);
    assert.deepEqual([document.mcp, document.sse, document.tools], [`${ISSUER}/mcp`, `${ISSUER}/sse`, tools]);
    const page = await (await fetch(both())).text();
    for (const words of [`github ${ISSUER}/mcp/github`, `notes ${ISSUER}/mcp/notes`, `github-account ${ISSUER}/mcp`])
      assert.ok(page.includes(`claude mcp add --transport http ${words}<`), words);
    assert.equal(page.includes('calendar.example'), false);
  });

  it('has no tools and no older transport, where another server stands in place of its own tools', async () => {
    const document = await json(alone);
    assert.deepEqual(document.servers, [
      { name: 'team-notes', url: `${ISSUER}/mcp`, title: 'Team notes!', host, credential: 'identity' },
    ]);
    assert.equal(document.mcp, `${ISSUER}/mcp`);
    assert.deepEqual([document.sse, document.tools], [undefined, undefined]);
    const page = await (await fetch(alone())).text();
    assert.doesNotMatch(page, /\/sse|get_user_profile/);
    assert.match(page, /<h1>Team notes! for your MCP clients/);
  });

  it('gives no two of them one name', async () => {
    const { servers } = (await json(crowded)) as { servers: { name: string }[] };
    assert.deepEqual(
      servers.map(({ name }) => name),
      ['mcp-github-bridge', 'team-notes'],
    );
  });
});

describe('the front page of the demo', () => {
  const url = useApp(landing({ ...base, resources: resourcesOf(), simulated: true }));
  const other = useApp(landing({ ...base, resources: resourcesOf() }));

  it('says that its GitHub is simulated', async () => {
    const [demo, real] = await Promise.all([url(), other()].map(async (at) => (await fetch(at)).text()));
    assert.match(demo ?? '', /simulated/i);
    assert.doesNotMatch(real ?? '', /simulated/i);
  });
});
