/**
 * The stand-in for GitHub's MCP server: which tokens it takes, its challenges, and its protected-resource metadata. The
 * expected headers and texts are those of api.githubcopilot.com and of github-mcp-server's pkg/http.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GITHUB_APP, HOUR, OAUTH_APP, record, startGitHub } from './simulator.ts';

const { clientId } = OAUTH_APP;
const GET_TEAMS = { name: 'get_teams', arguments: {} };

test('no token is 401 with a challenge that leads to its metadata, before the method is looked at', async (t) => {
  const { mcp, url } = await startGitHub(t);
  for (const path of ['/mcp', '/mcp/', '/mcp/x/repos/readonly']) {
    const refused = await mcp('initialize', { path });
    assert.equal(refused.status, 401);
    const metadata = `${url}/.well-known/oauth-protected-resource${path}`;
    const description = 'error_description="No access token was provided in this request"';
    const challenge = `Bearer error="invalid_request", ${description}, resource_metadata="${metadata}"`;
    assert.equal(refused.headers.get('www-authenticate'), challenge);
    assert.equal(await refused.text(), 'bad request: missing required Authorization header\n');
    const document = record(await (await fetch(metadata)).json());
    assert.equal(document.resource, `${url}${path}`);
    assert.deepEqual(document.authorization_servers, [`${url}/login/oauth`]);
  }
  assert.equal((await fetch(`${url}/mcp/`)).status, 401);
  assert.equal((await fetch(`${url}/.well-known/oauth-protected-resource/elsewhere`)).status, 404);
});

test('a bearer that is no token of GitHub is 400', async (t) => {
  const { mcp } = await startGitHub(t);
  for (const token of ['eyJhbGciOiJSUzI1NiJ9.e30.c2ln', 'ghr_refresh', 'Gho_capital']) {
    const refused = await mcp('initialize', { token });
    assert.equal(refused.status, 400, token);
    assert.equal(await refused.text(), 'bad request: Authorization header is badly formatted\n');
  }
});

test('the scheme may be left out, and its case does not matter', async (t) => {
  const { mcp, github } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  for (const header of [token, `bearer ${token}`, `BEARER ${token}`]) {
    assert.equal((await mcp('tools/list', { headers: { Authorization: header } })).status, 200);
  }
  assert.equal((await mcp('tools/list', { headers: { Authorization: `GitHub-Bearer ${token}` } })).status, 400);
});

test('a token that is unknown, revoked or expired is 401 at every request', async (t) => {
  const { mcp, github, clock } = await startGitHub(t);
  const revoked = github.issueToken({ account: 'octocat', clientId });
  const expiring = github.issueToken({ account: 'octocat', clientId: GITHUB_APP.clientId });
  assert.equal((await mcp('tools/list', { token: revoked.token })).status, 200);
  assert.equal((await mcp('tools/list', { token: expiring.token })).status, 200);
  github.revokeToken(revoked.token);
  clock.now += 9 * HOUR;
  for (const token of [revoked.token, expiring.token, 'gho_unknown', 'a'.repeat(40)]) {
    const refused = await mcp('tools/list', { token });
    assert.equal(refused.status, 401);
    assert.match(
      refused.headers.get('www-authenticate') ?? '',
      /^Bearer error="invalid_token", error_description="Token is not authorized", resource_metadata="[^"]+\/mcp\/"$/,
    );
    assert.equal(await refused.text(), 'unauthorized: AuthenticateToken authentication failed\n');
  }
});

test('a local server looks at the form of a token only, and then fails the calls of tools', async (t) => {
  const { mcp, url } = await startGitHub(t, { mcpServer: 'local' });
  const none = await mcp('tools/list');
  assert.equal(none.status, 401);
  const metadata = `${url}/.well-known/oauth-protected-resource/mcp/`;
  assert.equal(none.headers.get('www-authenticate'), `Bearer resource_metadata="${metadata}"`);
  assert.equal((await mcp('tools/list', { token: 'gho_unknown' })).status, 200);
  const params = { name: 'get_me', arguments: {} };
  const called = await mcp('tools/call', { token: 'gho_unknown', params });
  assert.equal(called.status, 200);
  const text = await called.text();
  assert.match(text, /"isError":true/);
  assert.ok(text.includes(`failed to get user: GET ${url}/api/v3/user: 401 Bad credentials []`), text);
  assert.equal(
    (await mcp('tools/call', { token: 'gho_unknown', params: GET_TEAMS })).status,
    200,
    'no challenge either',
  );
});

test('an Enterprise Server has a local server', async (t) => {
  const { mcp } = await startGitHub(t, { enterprise: true });
  assert.equal((await mcp('tools/list', { token: 'gho_unknown' })).status, 200);
});

test('a call of a tool without its scope is 403 with the scopes that the token has and the one it needs', async (t) => {
  const { mcp, github, url } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId, scopes: ['repo', 'gist'] });
  const path = '/mcp/x/context';
  const refused = await mcp('tools/call', { path, token, params: GET_TEAMS });
  assert.equal(refused.status, 403);
  assert.equal(
    refused.headers.get('www-authenticate'),
    `Bearer error="insufficient_scope", scope="gist repo read:org", ` +
      `resource_metadata="${url}/.well-known/oauth-protected-resource${path}", ` +
      'error_description="Additional scopes required: read:org"',
  );
  assert.equal(await refused.text(), 'Forbidden: insufficient scopes\n');
  assert.equal((await mcp('tools/list', { token })).status, 200, 'only calls are challenged');
  assert.equal((await mcp('tools/call', { token, params: { name: 'get_me', arguments: {} } })).status, 200);
  const wider = github.issueToken({ account: 'octocat', clientId, scopes: ['admin:org'] });
  assert.equal((await mcp('tools/call', { token: wider.token, params: GET_TEAMS })).status, 200);
});

test('a tool that the request does not get is challenged too; a token of a GitHub App is not challenged', async (t) => {
  const { mcp, github } = await startGitHub(t);
  const bare = github.issueToken({ account: 'octocat', clientId });
  const headers = { 'X-MCP-Toolsets': 'repos' };
  assert.equal((await mcp('tools/call', { token: bare.token, params: GET_TEAMS, headers })).status, 403);
  const app = github.issueToken({ account: 'octocat', clientId: GITHUB_APP.clientId });
  const called = await mcp('tools/call', { token: app.token, params: GET_TEAMS });
  assert.equal(called.status, 200);
  assert.match(await called.text(), /Failed to find teams: .*404 Not Found/);
});
