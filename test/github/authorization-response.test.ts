// GitHub's authorization response, which the person's browser brings to the callback: a code, an error, or neither; and the
// issuer that it may name (RFC 9207).
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { codeOfResponse } from '../../src/github/authorization-response.ts';
import { UpstreamFailure } from '../../src/oauth/upstream.ts';
import { bridgeFor, onBothStores, type TestBridgeOptions } from '../support/bridge.ts';
import { authorizeInBrowser, register } from '../support/oauth.ts';
import { connect, loginIn, SHORT, TOKEN_ENDPOINT, withLongTokens } from './fixtures.ts';

const ISSUER = 'https://github.com/login/oauth';

onBothStores("the issuer in GitHub's authorization response", (store) => {
  const start = (t: TestContext, options: Omit<TestBridgeOptions, 'store'> = {}) =>
    bridgeFor(t, withLongTokens({ store, timeouts: SHORT, ...options }));

  it('may be missing', async (t) => {
    const bridge = await start(t, { github: { issInCallback: false } });
    assert.equal(loginIn(await (await connect(bridge)).profile()), 'octocat');
  });

  it("may be GitHub's", async (t) => {
    const bridge = await start(t, { github: { issInCallback: true } });
    assert.equal(loginIn(await (await connect(bridge)).profile()), 'octocat');
  });

  it('may not be another one: then the code is not redeemed', async (t) => {
    for (const iss of ['https://evil.example/login/oauth', 'https://github.com/login/oauth']) {
      const bridge = await start(t, { github: { issInCallback: iss } });
      const { answer, response } = await authorizeInBrowser(bridge.url, await register(bridge.url));
      assert.equal(answer.status, 500);
      assert.equal(response.get('error'), 'server_error');
      assert.equal(response.get('state'), 'state-of-the-client');
      assert.equal(response.get('iss'), bridge.url);
      assert.deepEqual(bridge.github.callsTo('POST', TOKEN_ENDPOINT), []);
    }
  });

  it('is checked in an error response too', async (t) => {
    const bridge = await start(t, { github: { issInCallback: 'https://evil.example' } });
    const { answer } = await authorizeInBrowser(bridge.url, await register(bridge.url), { github: 'cancel' });
    assert.equal(answer.status, 500);
  });
});

describe("GitHub's authorization response", () => {
  const read = (parameters: Record<string, string>) => codeOfResponse(new Map(Object.entries(parameters)), ISSUER);

  it('gives its code, also with the issuer of GitHub', () => {
    assert.equal(read({ code: 'abc' }), 'abc');
    assert.equal(read({ code: 'abc', iss: ISSUER }), 'abc');
  });

  for (const [what, parameters, code, page] of [
    ['the person declined', { error: 'access_denied' }, 'access_denied', 'github_denied'],
    ['the app is suspended', { error: 'application_suspended' }, 'temporarily_unavailable', 'github_suspended'],
    ['the callback is not registered', { error: 'redirect_uri_mismatch' }, 'server_error', 'github_misconfigured'],
    ['an error comes with a code', { error: 'access_denied', code: 'abc' }, 'access_denied', 'github_denied'],
    ['neither a code nor an error came', {}, 'server_error', 'expired_request'],
    ['another issuer is named', { code: 'abc', iss: `${ISSUER}/` }, 'server_error', 'github_misconfigured'],
  ] as const)
    it(`is ${code} when ${what}`, () =>
      assert.throws(
        () => read(parameters),
        (error: unknown) => error instanceof UpstreamFailure && error.code === code && error.page === page,
      ));
});
