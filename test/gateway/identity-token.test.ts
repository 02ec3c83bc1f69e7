// The token that names a person to one MCP server: what it says, how long it lives, and that it opens nothing here.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLocalJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import { createIdentityTokens } from '../../src/gateway/identity-token.ts';
import { EventBus } from '../../src/observe/events.ts';
import { createSigningKeys, type SigningKeys } from '../../src/security/keys.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import type { Session } from '../../src/store/records.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { connect, getJson } from '../support/oauth.ts';

const AUDIENCE = 'https://mcp.example/mcp?tenant=1';

onBothStores('a token that names the person', (store) => {
  const bridge = useBridge({ store });
  const keys = () =>
    createSigningKeys({
      store: bridge.store.shared,
      secrets: createSecrets(bridge.config.secrets),
      events: new EventBus(),
      now: bridge.now,
      tokenTtl: 3600,
    });
  const tokensWith = (signingKeys: SigningKeys = keys(), audience = AUDIENCE) =>
    createIdentityTokens({ issuer: bridge.url, audience, keys: signingKeys, now: bridge.now });
  /** The session of a new login. */
  async function session(login = 'octocat'): Promise<Session> {
    const { tokens } = await connect(bridge.url, { login });
    const [person = '', grant = ''] = String(decodeJwt(tokens.access_token).sid).split('.');
    return (await bridge.store.sessions.read({ person, grant })) ?? assert.fail('no session');
  }
  const jwks = async () => createLocalJWKSet((await getJson(`${bridge.url}/.well-known/jwks.json`)).body as never);

  it('is an RS256 JWT with everything that was promised, and nothing more, verifiable by the published keys', async () => {
    const caller = await session();
    const { clientId } = caller.grant;
    const { account } = caller.credential;
    const token = await tokensWith().tokenFor(caller, ['read:user', 'openid']);
    const { payload, protectedHeader } = await jwtVerify(token, await jwks(), {
      issuer: bridge.url,
      audience: AUDIENCE,
      typ: 'at+jwt',
      algorithms: ['RS256'],
      currentDate: new Date(bridge.now() * 1000),
    });
    const { iat = 0, exp, jti, ...claims } = payload;
    assert.deepEqual(claims, {
      iss: bridge.url,
      aud: AUDIENCE,
      sub: String(account.id),
      client_id: clientId,
      github_id: account.id,
      github_login: 'octocat',
      scope: 'read:user openid',
    });
    assert.equal(exp, iat + 300);
    assert.match(jti ?? '', /^[\w-]{22}$/);
    assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ']);
  });

  it('has expired after five minutes', async () => {
    const token = await tokensWith().tokenFor(await session(), ['read:user']);
    const { iat = 0 } = decodeJwt(token);
    const at = (seconds: number) => ({ currentDate: new Date((iat + seconds) * 1000) });
    assert.ok(bridge.now() - iat <= 5, 'issued now');
    const published = await jwks();
    await jwtVerify(token, published, at(299));
    await assert.rejects(jwtVerify(token, published, at(301)), errors.JWTExpired);
  });

  it('is used for a minute, then made anew, so that it has four minutes to live at least', async () => {
    const [caller, identities] = [await session(), tokensWith()];
    const first = await identities.tokenFor(caller, ['read:user']);
    bridge.advance(55);
    assert.equal(await identities.tokenFor(caller, ['read:user']), first);
    bridge.advance(6);
    const second = await identities.tokenFor(caller, ['read:user']);
    assert.notEqual(second, first);
    assert.notEqual(decodeJwt(second).jti, decodeJwt(first).jti);
  });

  it('is made once for calls at the same time', async () => {
    const [caller, identities] = [await session(), tokensWith()];
    const made = await Promise.all(Array.from({ length: 20 }, () => identities.tokenFor(caller, ['read:user'])));
    assert.equal(new Set(made).size, 1);
  });

  it('is never that of another person, session, scope or server', async () => {
    const [octocat, again, hubot] = [await session(), await session(), await session('hubot')];
    const [identities, elsewhere] = [tokensWith(), tokensWith(keys(), 'https://other.example/mcp')];
    const all = await Promise.all([
      identities.tokenFor(octocat, ['read:user']),
      identities.tokenFor(again, ['read:user']),
      identities.tokenFor(hubot, ['read:user']),
      identities.tokenFor(octocat, ['repo']),
      identities.tokenFor(octocat, []),
      elsewhere.tokenFor(octocat, ['read:user']),
    ]);
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual(
      all.map((token) => `${decodeJwt(token).github_login} ${decodeJwt(token).scope} ${decodeJwt(token).aud}`),
      [
        `octocat read:user ${AUDIENCE}`,
        `octocat read:user ${AUDIENCE}`,
        `hubot read:user ${AUDIENCE}`,
        `octocat repo ${AUDIENCE}`,
        `octocat  ${AUDIENCE}`,
        'octocat read:user https://other.example/mcp',
      ],
    );
    const renamed: Session = {
      ...octocat,
      credential: { ...octocat.credential, account: { ...octocat.credential.account, login: 'new-name' } },
    };
    assert.equal(decodeJwt(await identities.tokenFor(renamed, ['read:user'])).github_login, 'new-name');
  });

  it('is made when the keys are there again, after they could not be read', async () => {
    const working = keys();
    let failures = 1;
    const identities = tokensWith({
      ...working,
      current: async (algorithm) => {
        if (failures-- > 0) throw new Error('the store is down');
        return working.current(algorithm);
      },
    });
    const caller = await session();
    await assert.rejects(identities.tokenFor(caller, []), /the store is down/);
    assert.ok(await identities.tokenFor(caller, []));
  });

  it('opens nothing here', async () => {
    const token = await tokensWith().tokenFor(await session(), ['openid', 'read:user']);
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ['/mcp', '/sse', '/userinfo'])
      assert.equal((await fetch(`${bridge.url}${path}`, { headers })).status, 401, path);
  });
});
