/** The stand-in for GitHub's MCP server, as the SDK's own client sees it: its tools, and which of them a request gets. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { SimulatedGitHub } from '../../demo/github/index.ts';
import { ERAS } from '../support/sdk-clients.ts';
import { list, OAUTH_APP, record, startGitHub } from './simulator.ts';

const { clientId } = OAUTH_APP;
const SCOPES = ['gist', 'notifications', 'read:org', 'repo'];

/** Connects as octocat; `path` is what follows `/mcp/`. */
async function connect(
  t: TestContext,
  github: SimulatedGitHub,
  { era = ERAS[0], path = '', headers = {}, account = 'octocat', scopes = SCOPES }: Connection = {},
) {
  assert.ok(era);
  const { token } = github.issueToken({ account, clientId, scopes });
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: era.mode } });
  const requestInit = { headers: { Authorization: `Bearer ${token}`, ...headers } };
  await client.connect(new StreamableHTTPClientTransport(new URL(path, github.mcpUrl), { requestInit }));
  t.after(() => client.close());
  return {
    client,
    names: async () => (await client.listTools()).tools.map(({ name }) => name),
    /** The document in the result of a tool. */
    async call(name: string, input: Record<string, unknown> = {}): Promise<unknown> {
      const result = await client.callTool({ name, arguments: input });
      const [content] = result.content;
      assert.ok(content?.type === 'text');
      return result.isError === true ? content.text : JSON.parse(content.text);
    },
  };
}

interface Connection {
  era?: (typeof ERAS)[number];
  path?: string;
  headers?: Record<string, string>;
  account?: string;
  scopes?: string[];
}

for (const era of ERAS) {
  test(`a client of the era ${era.name} lists the default tools and calls one`, async (t) => {
    const { github } = await startGitHub(t);
    const { client, call } = await connect(t, github, { era });
    assert.equal(client.getNegotiatedProtocolVersion(), era.version);
    assert.equal(client.getServerVersion()?.name, 'github-mcp-server');
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name, annotations }) => `${name}${annotations?.readOnlyHint ? '' : ' (writes)'}`),
      ['get_me', 'get_team_members', 'get_teams', 'issue_write (writes)', 'list_issues', 'search_repositories'],
    );
    assert.equal(tools[0]?.annotations?.title, 'Get my user profile');
    assert.partialDeepStrictEqual(record(await call('get_me')), { login: 'octocat', id: 583_231 });
  });
}

test('the calls of tools are calls of the REST API with the same token, and count against its limit', async (t) => {
  const { github, rest } = await startGitHub(t, { rateLimitPerHour: 1 });
  const { call } = await connect(t, github);
  github.clearCalls();
  await call('get_me');
  const calls = github.calls.map(({ method, path, accountId, tool }) => `${method} ${path} ${accountId} ${tool}`);
  assert.deepEqual(calls, ['POST /mcp/ 583231 get_me', 'GET /api/v3/user 583231 undefined']);
  assert.equal(await call('get_me'), 'failed to get user: GitHub API rate limit exceeded. Wait before retrying.');
  const { token } = github.issueToken({ account: 'octocat', clientId });
  assert.equal((await rest('/user', token)).status, 403);
});

test('repositories are searched, private ones for their owner', async (t) => {
  const { github } = await startGitHub(t);
  const { call } = await connect(t, github);
  const found = async (query: string) =>
    list(record(await call('search_repositories', { query })).items).map(({ full_name }) => full_name);
  assert.deepEqual(await found('user:@me is:private'), ['octocat/secret-garden']);
  assert.deepEqual(await found('handbook'), ['octo-org/handbook']);
  assert.deepEqual(await found('user:monalisa'), ['monalisa/sketchbook']);
});

test('an issue that is created is listed, and notifies the owner of the repository', async (t) => {
  const { github } = await startGitHub(t);
  const mona = await connect(t, github, { account: 'monalisa' });
  const input = { owner: 'octocat', repo: 'Spoon-Knife', title: 'フォークが欲しい' };
  const created = record(await mona.call('issue_write', { method: 'create', ...input }));
  assert.equal(created.url, `${github.url}/octocat/Spoon-Knife/issues/1`);
  const listed = record(await mona.call('list_issues', { owner: 'octocat', repo: 'spoon-knife', state: 'OPEN' }));
  assert.deepEqual(
    list(listed.issues).map(({ title, user }) => [title, record(user).login]),
    [['フォークが欲しい', 'monalisa']],
  );
  const octocat = await connect(t, github, { path: 'x/notifications' });
  const titles = list(await octocat.call('list_notifications')).map(({ subject }) => record(subject).title);
  assert.deepEqual(titles, ['Found a bug 🐛', 'フォークが欲しい']);
  assert.deepEqual(
    await mona.call('issue_write', { method: 'create', ...input, repo: 'secret-garden' }).then(String),
    `failed to create issue: POST ${github.url}/api/v3/repos/octocat/secret-garden/issues: 404 Not Found []`,
  );
});

test('teams, their members and gists are those of the person', async (t) => {
  const { github } = await startGitHub(t);
  const { call } = await connect(t, github, { headers: { 'X-MCP-Toolsets': 'default,gists' } });
  assert.deepEqual(await call('get_teams'), [
    { org: 'octo-org', teams: [{ name: 'core', slug: 'core', description: '' }] },
  ]);
  assert.deepEqual(await call('get_team_members', { org: 'octo-org', team_slug: 'core' }), ['octocat', 'monalisa']);
  assert.equal(list(await call('list_gists')).length, 2);
  const bare = await connect(t, github, { path: 'x/gists', scopes: [] });
  assert.deepEqual(
    list(await bare.call('list_gists')).map((gist) => gist.public),
    [true],
    'secret ones need gist',
  );
});

test('the paths and headers select the tools', async (t) => {
  const { github } = await startGitHub(t);
  const cases: [Connection, string[]][] = [
    [{ path: 'readonly' }, ['get_me', 'get_team_members', 'get_teams', 'list_issues', 'search_repositories']],
    [{ path: 'x/issues' }, ['issue_write', 'list_issues']],
    [{ path: 'x/issues/readonly' }, ['list_issues']],
    [{ path: 'x/issues/', headers: { 'X-MCP-Toolsets': 'repos' } }, ['issue_write', 'list_issues']],
    [
      { path: 'x/all', headers: { 'X-MCP-Exclude-Tools': 'get_me, list_issues' } },
      ['get_team_members', 'get_teams', 'issue_write', 'list_gists', 'list_notifications', 'search_repositories'],
    ],
    [{ headers: { 'X-MCP-Toolsets': 'gists,unknown' } }, ['list_gists']],
    [{ headers: { 'X-MCP-Toolsets': 'Issues' } }, []],
    [{ headers: { 'X-MCP-Tools': 'get_me' } }, ['get_me']],
    [{ path: 'x/gists', headers: { 'X-MCP-Tools': 'get_me' } }, ['get_me', 'list_gists']],
    [{ headers: { 'X-MCP-Tools': 'get_me', 'X-MCP-Exclude-Tools': 'get_me' } }, []],
    [{ headers: { 'X-MCP-Tools': 'issue_write', 'X-MCP-Readonly': 'true' } }, []],
    [{ path: 'x/issues', headers: { 'X-MCP-Readonly': ' OFF ' } }, ['issue_write', 'list_issues']],
    [{ path: 'x/issues', headers: { 'X-MCP-Readonly': 'whatever' } }, ['list_issues']],
    [{ path: 'x/issues/readonly', headers: { 'X-MCP-Readonly': 'false' } }, ['list_issues']],
    [{ path: 'x/issues', headers: { 'X-MCP-Features': 'issues_granular' } }, ['create_issue', 'list_issues']],
    [{ path: 'x/issues/anything' }, ['issue_write', 'list_issues']],
  ];
  for (const [connection, expected] of cases) {
    const { names } = await connect(t, github, connection);
    assert.deepEqual(await names(), expected, JSON.stringify(connection));
  }
});

test('a tool that is not selected cannot be called', async (t) => {
  const { github } = await startGitHub(t);
  const { client } = await connect(t, github, { path: 'readonly' });
  const input = { method: 'create', owner: 'octocat', repo: 'linguist', title: 'No' };
  await assert.rejects(client.callTool({ name: 'issue_write', arguments: input }), { code: -32_602 });
  assert.equal(github.callsTo('POST', /issues$/).length, 0);
});

test('insiders see the page of MCP Apps', async (t) => {
  const { github } = await startGitHub(t);
  for (const [connection, expected] of [
    [{}, undefined],
    [{ headers: { 'X-MCP-Insiders': 'yes' } }, 'ui://github-mcp-server/get-me'],
    [{ path: 'insiders' }, 'ui://github-mcp-server/get-me'],
  ] as const) {
    const { client } = await connect(t, github, connection);
    const { tools } = await client.listTools();
    const ui = tools.find(({ name }) => name === 'get_me')?._meta?.ui;
    assert.equal(ui && record(ui).resourceUri, expected);
  }
});

test('a tool of X-MCP-Tools that does not exist is 400', async (t) => {
  const { github, mcp } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  const refused = await mcp('tools/list', { token, headers: { 'X-MCP-Tools': 'get_me,GET_ME,nope' } });
  assert.equal(refused.status, 400);
  assert.equal(await refused.text(), 'unknown tools specified in WithTools: GET_ME, nope\n');
});

test('there are no sessions and no subscriptions: POST only, and an unknown session id is ignored', async (t) => {
  const { github, mcp, url } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  const headers = { 'Mcp-Session-Id': 'of-another-server' };
  const listed = await mcp('tools/list', { token, headers });
  assert.equal(listed.status, 200);
  assert.equal(listed.headers.get('mcp-session-id'), null);
  assert.match(listed.headers.get('content-type') ?? '', /^text\/event-stream/);
  for (const method of ['GET', 'DELETE']) {
    const refused = await fetch(`${url}/mcp/`, { method, headers: { ...headers, Authorization: `Bearer ${token}` } });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.get('allow'), 'POST');
  }
  const listen = await mcp('subscriptions/listen', { token });
  assert.equal(listen.status, 404);
  assert.equal(record(record(await listen.json()).error).code, -32_601);
});

test('a request that is no JSON, takes one kind of answer only, or is too large is refused', async (t) => {
  const { github, mcp } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  const status = async (headers: Record<string, string>, body?: string) =>
    (await mcp('tools/list', { token, headers, ...(body === undefined ? {} : { body }) })).status;
  assert.equal(await status({ 'Content-Type': 'text/plain' }), 415);
  assert.equal(await status({ Accept: 'application/json' }), 400);
  assert.equal(await status({ Accept: '*/*' }), 200);
  assert.equal(await status({}, 'x'.repeat(5 * 1024 * 1024 + 1)), 413);
  assert.equal(await status({}, 'no JSON'), 400);
});

test('pages of every origin may call it', async (t) => {
  const { url } = await startGitHub(t);
  const preflight = await fetch(`${url}/mcp/`, { method: 'OPTIONS' });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
});
