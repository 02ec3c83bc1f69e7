/**
 * The simulated routes with which an app checks, resets and deletes its tokens, and the revocation by a person.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { GITHUB_APP, OAUTH_APP, record, startGitHub } from './simulator.ts';

const { clientId } = OAUTH_APP;

test('the check of a token describes a live one, and is 404 for any other', async (t) => {
  const { github, asApp } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'monalisa', clientId, scopes: ['repo'] });
  const checked = await asApp('POST', '/token', token);
  assert.equal(checked.status, 200);
  assert.partialDeepStrictEqual(record(await checked.json()), {
    token,
    token_last_eight: token.slice(-8),
    scopes: ['repo'],
    app: { client_id: clientId, name: OAUTH_APP.name },
    user: { login: 'monalisa', id: 2_345_101 },
    expires_at: null,
  });
  assert.equal((await asApp('POST', '/token', 'gho_unknown')).status, 404);
  assert.equal((await asApp('POST', '/token', token, GITHUB_APP)).status, 404, 'of another app');
});

test('wrong credentials of the app are 401', async (t) => {
  const { github, asApp, url } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  assert.equal((await asApp('POST', '/token', token, OAUTH_APP, 'wrong')).status, 401);
  assert.equal((await asApp('DELETE', '/grant', token, OAUTH_APP, 'wrong')).status, 401);
  const path = `/api/v3/applications/${clientId}/token`;
  assert.equal((await fetch(`${url}${path}`, { method: 'POST' })).status, 401);
  assert.equal(github.liveTokens().length, 1);
});

test('an app may not ask about another one', async (t) => {
  const { github, url } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  const basic = Buffer.from(`${GITHUB_APP.clientId}:${GITHUB_APP.clientSecret}`).toString('base64');
  const response = await fetch(`${url}/api/v3/applications/${clientId}/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${basic}` },
    body: JSON.stringify({ access_token: token }),
  });
  assert.equal(response.status, 404);
});

test('a reset gives a new token with the same scopes and ends the old one', async (t) => {
  const { github, asApp, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId, scopes: ['gist'] });
  const fresh = record(await (await asApp('PATCH', '/token', token)).json());
  assert.notEqual(fresh.token, token);
  assert.deepEqual(fresh.scopes, ['gist']);
  assert.equal((await rest('/user', token)).status, 401);
  assert.equal((await rest('/user', fresh.token)).status, 200);
  assert.equal((await asApp('PATCH', '/token', token)).status, 404);
});

test('deleting a token ends only that one; for a token that is not alive it is 422', async (t) => {
  const { github, asApp, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  const other = github.issueToken({ account: 'octocat', clientId });
  assert.equal((await asApp('DELETE', '/token', token)).status, 204);
  assert.equal((await rest('/user', token)).status, 401);
  assert.equal((await rest('/user', other.token)).status, 200);
  assert.equal((await asApp('DELETE', '/token', token)).status, 422);
  assert.deepEqual(github.authorizedScopes('octocat', clientId), [], 'the authorization stays');
});

test('deleting an expiring token ends its refresh token too', async (t) => {
  const { github, asApp, exchange } = await startGitHub(t);
  const { token, refreshToken = '' } = github.issueToken({ account: 'octocat', clientId: GITHUB_APP.clientId });
  assert.match(refreshToken, /^ghr_/);
  assert.equal((await asApp('DELETE', '/token', token, GITHUB_APP)).status, 204);
  const parameters = { grant_type: 'refresh_token', refresh_token: refreshToken };
  assert.equal((await exchange(parameters, GITHUB_APP)).error, 'bad_refresh_token');
});

test("deleting the grant ends every token of that person, and nobody else's", async (t) => {
  const { github, asApp } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId, scopes: ['repo'] });
  github.issueToken({ account: 'octocat', clientId, scopes: ['gist'] });
  github.issueToken({ account: 'octocat', clientId: GITHUB_APP.clientId });
  github.issueToken({ account: 'monalisa', clientId });
  assert.equal((await asApp('DELETE', '/grant', token)).status, 204);
  assert.deepEqual(
    github.liveTokens().map((live) => [live.login, live.clientId]),
    [
      ['octocat', GITHUB_APP.clientId],
      ['monalisa', clientId],
    ],
  );
  assert.equal(github.authorizedScopes('octocat', clientId), undefined);
  assert.equal((await asApp('DELETE', '/grant', token)).status, 422);
});

test('deleting the grant ends a code that was not exchanged yet', async (t) => {
  const { github, authorize, exchange } = await startGitHub(t);
  const code = (await authorize()).get('code') ?? '';
  await github.revokeAuthorization('octocat', clientId);
  assert.equal((await exchange({ code })).error, 'bad_verification_code');
});

test('the check of a token that was revoked without a message is 404', async (t) => {
  const { github, rest } = await startGitHub(t);
  const { token } = github.issueToken({ account: 'octocat', clientId });
  assert.equal(github.revokeToken(token), true);
  assert.equal(github.revokeToken(token), false);
  assert.equal((await rest('/user', token)).status, 401);
});

test('a GitHub App is told of a revoked authorization by a webhook signed with its secret', async (t) => {
  const receiver = createServer().listen(0, '127.0.0.1');
  t.after(() => receiver.close());
  await once(receiver, 'listening');
  const address = receiver.address();
  assert.ok(typeof address === 'object' && address !== null);
  const heard = new Promise<{ headers: NodeJS.Dict<string | string[]>; body: string }>((resolve) => {
    receiver.on('request', async (request, response) => {
      const body = await text(request);
      response.writeHead(202).end();
      resolve({ headers: request.headers, body });
    });
  });
  const webhook = { url: `http://127.0.0.1:${address.port}/hook`, secret: 'it is a secret' };
  const { github } = await startGitHub(t, { apps: [{ ...GITHUB_APP, webhook }] });
  github.issueToken({ account: 'monalisa', clientId: GITHUB_APP.clientId });
  const delivery = await github.revokeAuthorization('monalisa', GITHUB_APP.clientId);
  assert.equal(delivery?.status, 202);
  const { headers, body } = await heard;
  assert.equal(headers['x-github-event'], 'github_app_authorization');
  assert.equal(headers['x-github-delivery'], delivery.id);
  const signature = createHmac('sha256', webhook.secret).update(body).digest('hex');
  assert.equal(headers['x-hub-signature-256'], `sha256=${signature}`);
  assert.partialDeepStrictEqual(JSON.parse(body), { action: 'revoked', sender: { login: 'monalisa', id: 2_345_101 } });
  assert.equal(await github.revokeAuthorization('monalisa', GITHUB_APP.clientId), undefined, 'there is none any more');
});
