/**
 * Faults on demand: each kind, how often it happens, and whether the request was carried out.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GITHUB_APP, OAUTH_APP, record, startGitHub } from './simulator.ts';

const PATH = '/api/v3/user';

async function start(t: Parameters<typeof startGitHub>[0]) {
  const simulator = await startGitHub(t);
  const { token } = simulator.github.issueToken({ account: 'octocat', clientId: OAUTH_APP.clientId });
  return { ...simulator, user: () => simulator.rest('/user', token) };
}

test('a fault with a status answers the next request, once, with its body and headers', async (t) => {
  const { github, user } = await start(t);
  github.fault({ kind: 'status', status: 502, body: '<h1>Bad gateway</h1>', headers: { 'x-from': 'fault' } });
  const struck = await user();
  assert.equal(struck.status, 502);
  assert.equal(struck.headers.get('x-from'), 'fault');
  assert.equal(await struck.text(), '<h1>Bad gateway</h1>');
  assert.equal((await user()).status, 200);
  assert.deepEqual(
    github.callsTo('GET', PATH).map(({ status, fault }) => [status, fault]),
    [
      [502, 'status'],
      [200, undefined],
    ],
  );
});

test('a fault happens as often as asked, only where it matches, until it is cleared', async (t) => {
  const { github, user, url } = await start(t);
  github.fault({ kind: 'status', status: 500, method: 'POST', path: PATH });
  github.fault({ kind: 'status', status: 503, path: /\/user$/, times: Number.POSITIVE_INFINITY });
  for (let count = 0; count < 3; count += 1) assert.equal((await user()).status, 503);
  assert.equal((await fetch(`${url}/login`)).status, 200);
  github.clearFaults();
  assert.equal((await user()).status, 200);
});

test('rate limits are answered in the words of GitHub', async (t) => {
  const { github, user, clock } = await start(t);
  github.fault({ kind: 'primary-rate-limit', status: 429, resetAfter: 30 });
  const primary = await user();
  assert.equal(primary.status, 429);
  assert.equal(primary.headers.get('x-ratelimit-remaining'), '0');
  assert.equal(primary.headers.get('x-ratelimit-reset'), String(clock.now / 1000 + 30));
  assert.equal(primary.headers.get('retry-after'), null);
  github.fault({ kind: 'secondary-rate-limit', retryAfter: 7 });
  const secondary = await user();
  assert.equal(secondary.status, 403);
  assert.equal(secondary.headers.get('retry-after'), '7');
  assert.match(String(record(await secondary.json()).message), /secondary rate limit/);
});

test('a delayed request is answered, and clearing the faults ends the delay', async (t) => {
  const { github, user } = await start(t);
  github.fault({ kind: 'delay', ms: 3_600_000 });
  const arrived = github.nextCall('GET', PATH);
  const answer = user();
  assert.equal((await arrived).status, undefined);
  github.clearFaults();
  assert.equal((await answer).status, 200);
  github.fault({ kind: 'delay', ms: 20 });
  const before = performance.now();
  assert.equal((await user()).status, 200);
  assert.ok(performance.now() - before >= 15);
});

test('a request that hangs waits until the faults are cleared, and is carried out before or after that', async (t) => {
  const { github, asApp, user } = await start(t);
  const [live] = github.liveTokens();
  assert.ok(live);
  github.fault({ kind: 'hang' });
  const arrived = github.nextCall('*', /token$/);
  const waiting = asApp('DELETE', '/token', live.token);
  await arrived;
  assert.equal(github.liveTokens().length, 1, 'nothing is done yet');
  github.clearFaults();
  assert.equal((await waiting).status, 204);
  assert.equal((await user()).status, 401);
});

test('closing the server ends the requests that hang', async (t) => {
  const { github, user } = await start(t);
  github.fault({ kind: 'hang', when: 'after' });
  const arrived = github.nextCall('GET', PATH);
  const answer = user().then(
    () => 'answered',
    () => 'broken',
  );
  await arrived;
  await github.close();
  assert.match(await answer, /answered|broken/);
});

test('a request whose connection is dropped before it is handled does nothing', async (t) => {
  const { github, authorize, exchange } = await start(t);
  const code = (await authorize()).get('code') ?? '';
  github.fault({ kind: 'drop', path: '/login/oauth/access_token' });
  await assert.rejects(exchange({ code }), TypeError);
  assert.equal(github.callsTo('POST', '/login/oauth/access_token')[0]?.status, undefined);
  assert.ok((await exchange({ code })).access_token);
});

test('a request whose connection is dropped after it was handled is carried out: the new pair is lost', async (t) => {
  const { github, logIn, exchange } = await start(t);
  const { access_token, refresh_token } = await logIn('', GITHUB_APP);
  const parameters = { grant_type: 'refresh_token', refresh_token: String(refresh_token) };
  github.fault({ kind: 'drop', when: 'after', method: 'POST', path: '/login/oauth/access_token' });
  await assert.rejects(exchange(parameters, GITHUB_APP), TypeError);
  const [live] = github.liveTokens({ clientId: GITHUB_APP.clientId });
  assert.ok(live && live.token !== access_token);
  assert.equal((await exchange(parameters, GITHUB_APP)).error, 'bad_refresh_token');
});

test('a malformed answer has status 200 and a body that is no answer', async (t) => {
  const { github, user } = await start(t);
  for (const content of ['junk', 'truncated-json', 'html', 'empty'] as const) {
    github.fault({ kind: 'malformed', content });
    const response = await user();
    assert.equal(response.status, 200, content);
    await assert.rejects(response.json(), SyntaxError, content);
  }
});

test('recorded calls tell what was asked, without secrets', async (t) => {
  const { github, logIn, rest } = await start(t);
  const { access_token } = await logIn('read:user');
  await rest('/user?a=1&b=2', access_token, { 'User-Agent': 'a-bridge', 'X-GitHub-Api-Version': '2022-11-28' });
  assert.partialDeepStrictEqual(github.callsTo('GET', PATH)[0], {
    status: 200,
    queryKeys: ['a', 'b'],
    authorization: 'bearer',
    userAgent: 'a-bridge',
    apiVersion: '2022-11-28',
    accountId: 583_231,
    clientId: OAUTH_APP.clientId,
  });
  const [exchanged] = github.callsTo('POST', /access_token$/);
  assert.partialDeepStrictEqual(exchanged, { grantType: 'authorization_code', pkce: false, status: 200 });
  assert.equal(JSON.stringify(github.calls).includes(String(access_token)), false);
  github.clearCalls();
  assert.equal(github.calls.length, 0);
});
