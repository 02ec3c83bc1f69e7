// Threat 10: something else is accepted as an access token: a token of another issuer, for another resource, of another kind, or
// in the wrong place.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { it } from 'node:test';
import { decodeJwt, decodeProtectedHeader, exportJWK, SignJWT } from 'jose';
import { z } from 'zod';
import { onBothStores, useBridge } from '../support/bridge.ts';
import {
  connect,
  getJson,
  logIn,
  login,
  postForm,
  redemption,
  register,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { newPerson, sidOf, works } from './attack.ts';
import { ANOTHER, introspect, OTHER, useBridgeWithResources } from './resource-servers.ts';

onBothStores('access tokens', (store) => {
  const bridge = useBridgeWithResources(store);
  const stranger = useBridge({ store: 'sqlite' });

  const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  /** Sends a token to every endpoint that accepts one; fails when one accepts it. */
  async function assertTakenNowhere(token: string, what: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json, text/event-stream' };
    for (const [method, path] of [
      ['POST', '/mcp'],
      ['GET', '/mcp'],
      ['DELETE', '/mcp'],
      ['GET', '/sse'],
      ['POST', '/messages?sessionId=x'],
      ['GET', '/userinfo'],
    ] as const) {
      const init = method === 'POST' ? { body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' } : {};
      const answer = await fetch(`${bridge.url}${path}`, {
        method,
        headers: { ...headers, ...(method === 'POST' ? { 'content-type': 'application/json' } : {}) },
        ...init,
      });
      await answer.body?.cancel();
      assert.equal(answer.status, 401, `${what} at ${method} ${path}`);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer .*error="invalid_token"/, what);
    }
    assert.deepEqual((await introspect(bridge, OTHER, token)).body, { active: false }, `${what} introspected`);
  }

  it("#10 GitHub's own token is no token here", async () => {
    await connect(bridge.url);
    for (const { token } of bridge.github.liveTokens()) await assertTakenNowhere(token, "GitHub's token");
  });

  it('#10 nothing else that the bridge gave is an access token: no code, refresh token, ID token, secret or session id', async () => {
    const client = await register(bridge.url, { token_endpoint_auth_method: 'client_secret_post' });
    const { code, verifier } = await login(bridge.url, client, { parameters: { scope: 'openid read:user' } });
    await assertTakenNowhere(code, 'a code');
    const tokens = tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
    assert.equal(await works(bridge, tokens), true);
    for (const [what, token] of [
      ['a refresh token', tokens.refresh_token],
      ['an ID token', tokens.id_token],
      ['a registration token', client.registration_access_token],
      ['a client secret', client.client_secret],
      ['a session id', Object.values(sidOf(tokens)).join('.')],
      ['a jti', String(decodeJwt(tokens.access_token).jti)],
    ] as const) {
      assert.ok(token, what);
      await assertTakenNowhere(token, what);
    }
  });

  it('#10 a token for another resource is refused at /mcp, and a token for /mcp is refused elsewhere', async () => {
    const client = await register(bridge.url);
    for (const resource of [OTHER, ANOTHER]) {
      const tokens = await logIn(bridge.url, client, { parameters: { resource } });
      assert.equal(decodeJwt(tokens.access_token).aud, resource);
      for (const path of ['/mcp', '/sse']) {
        const answer = await fetch(`${bridge.url}${path}`, { headers: bearer(tokens.access_token) });
        await answer.body?.cancel();
        assert.equal(answer.status, 401, `${resource} at ${path}`);
      }
      const active = (await introspect(bridge, OTHER, tokens.access_token)).body.active;
      assert.equal(active, resource === OTHER);
    }
    const own = await logIn(bridge.url, client);
    assert.equal((await introspect(bridge, OTHER, own.access_token)).body.active, false);
  });

  it("#10 a stranger's token is refused, although a bridge made it", async () => {
    const { tokens } = await connect(stranger.url);
    assert.equal(await works(stranger, tokens), true);
    await assertTakenNowhere(tokens.access_token, "another issuer's token");
  });

  it("#10 a token signed with the bridge's own key is accepted only if each claim and the header are right", async () => {
    const { tokens } = await connect(bridge.url);
    const claims = z.record(z.string(), z.unknown()).parse(decodeJwt(tokens.access_token));
    const header = { ...decodeProtectedHeader(tokens.access_token), alg: 'ES256' };
    const es256 = await bridge.bridge.services.keys.current('ES256');
    const rs256 = await bridge.bridge.services.keys.current('RS256');
    const mint = (changes: Record<string, unknown>, changedHeader: Record<string, unknown> = {}, key = es256) =>
      new SignJWT({ ...claims, jti: randomBytes(8).toString('hex'), ...changes })
        .setProtectedHeader({ ...header, ...changedHeader })
        .sign(key.privateKey, { crit: { x: true } });
    // A correct token is accepted, so each refusal below is because of the one thing that is changed.
    assert.equal(await works(bridge, { access_token: await mint({}) }), true);

    const { person, grant } = sidOf(tokens);
    const someoneElse = await connect(bridge.url, { login: newPerson(bridge) });
    const now = bridge.now();
    for (const [what, changes] of Object.entries({
      'another issuer': { iss: stranger.url },
      'an issuer with a slash': { iss: `${bridge.url}/` },
      'no issuer': { iss: undefined },
      'another audience': { aud: OTHER },
      'the issuer as audience': { aud: bridge.url },
      'an audience with a slash': { aud: `${bridge.url}/mcp/` },
      'no audience': { aud: undefined },
      'several audiences': { aud: [`${bridge.url}/mcp`, OTHER] },
      'an end in the past': { exp: now - 1 },
      'no end': { exp: undefined },
      'an end in words': { exp: 'tomorrow' },
      'a beginning in the future': { nbf: now + 3600 },
      'no session': { sid: undefined },
      'a session that never was': { sid: `${person}.${'A'.repeat(16)}` },
      'a session of nobody': { sid: `${'A'.repeat(16)}.${grant}` },
      'a session in another spelling': { sid: `${person}.${grant}=` },
      'a session of another client': { sid: Object.values(sidOf(someoneElse.tokens)).join('.') },
      'another client': { client_id: someoneElse.client.client_id },
      'no client': { client_id: undefined },
      'no subject': { sub: undefined },
      'no jti': { jti: undefined },
    }))
      assert.equal(await works(bridge, { access_token: await mint(changes) }), false, what);

    for (const [what, changed] of Object.entries({
      'the type of an ID token': { typ: 'JWT' },
      'no type': { typ: undefined },
      'an unknown key id': { kid: 'x' },
      'no key id': { kid: undefined },
      'a path as key id': { kid: '../../../../dev/null' },
      'an injection as key id': { kid: "' OR 1=1 --" },
      'the key id of the RS256 key': { kid: rs256.kid },
      'a critical extension': { crit: ['x'], x: 1 },
    }))
      assert.equal(await works(bridge, { access_token: await mint({}, changed) }), false, what);
    const wrongAlgorithm = await mint({}, { alg: 'RS256', kid: rs256.kid }, rs256);
    assert.equal(await works(bridge, { access_token: wrongAlgorithm }), false, 'RS256 for the built-in resource');
    // For the other resource only RS256 and only the type of access tokens are accepted.
    const idToken = { aud: OTHER, client_id: OTHER, sub: claims.sub };
    const forOther = await mint(idToken, { alg: 'RS256', typ: 'JWT', kid: rs256.kid }, rs256);
    assert.equal(
      (await introspect(bridge, OTHER, forOther)).body.active,
      false,
      'an ID token whose client is the resource',
    );
    assert.equal((await introspect(bridge, OTHER, await mint({ aud: OTHER }))).body.active, false, 'ES256 for another');
  });

  it('#10 no trick with the algorithm or the key makes a token that is accepted', async () => {
    const { tokens } = await connect(bridge.url);
    const claims = decodeJwt(tokens.access_token);
    const header = decodeProtectedHeader(tokens.access_token);
    const [, payload = '', signature = ''] = tokens.access_token.split('.');
    const unsigned = (more: object) => `${json({ ...header, ...more })}.${payload}`;
    const attempts = new Map<string, string>();
    for (const alg of ['none', 'None', 'NONE', '', 'nOnE', null])
      for (const tail of ['', signature])
        attempts.set(`alg ${alg}, signature ${tail !== ''}`, `${unsigned({ alg })}.${tail}`);
    attempts.set('no signature', `${unsigned({})}.`);
    attempts.set('two parts', unsigned({}));
    attempts.set('zeros for a signature', `${unsigned({})}.${Buffer.alloc(64).toString('base64url')}`);

    // HS256 with every form of the public key that an attacker could use as the secret.
    const { keys } = z.object({ keys: z.array(z.record(z.string(), z.string())) }).parse((await getJwks()).body);
    for (const key of keys) {
      assert.equal('d' in key, false);
      const object = createPublicKey({ key, format: 'jwk' });
      const forms: Record<string, string | Buffer> = {
        spki: object.export({ type: 'spki', format: 'pem' }),
        der: object.export({ type: 'spki', format: 'der' }),
        jwk: JSON.stringify(key),
        kid: key.kid ?? '',
        x: Buffer.from(key.x ?? key.n ?? '', 'base64url'),
        empty: '',
      };
      for (const [form, secret] of Object.entries(forms))
        for (const kid of [key.kid, header.kid]) {
          const input = unsigned({ alg: 'HS256', kid });
          attempts.set(
            `HS256 with the public key as ${form} of ${key.alg}, kid ${kid}`,
            `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`,
          );
        }
    }

    // A key of the attacker in the header of the token.
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...(await exportJWK(publicKey)), kid: header.kid, alg: 'ES256', use: 'sig' };
    const signed = (more: object, key: KeyObject = privateKey) => {
      const input = unsigned(more);
      return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    };
    attempts.set('a foreign key', signed({}));
    attempts.set('jwk in the header', signed({ jwk }));
    attempts.set('jwk and another kid', signed({ jwk, kid: 'mine' }));
    attempts.set('jku', signed({ jku: `${stranger.url}/.well-known/jwks.json` }));
    attempts.set('x5c', signed({ x5c: ['AAAA'] }));
    // Nested, and in another serialisation.
    attempts.set('flattened JSON', JSON.stringify({ protected: json(header), payload, signature }));
    attempts.set('a changed claim', `${json(header)}.${json({ ...claims, scope: 'repo' })}.${signature}`);
    attempts.set('very long', `${tokens.access_token}${'A'.repeat(5000)}`);
    for (const [what, token] of attempts) assert.equal(await works(bridge, { access_token: token }), false, what);
    assert.equal(await works(bridge, tokens), true);
  });

  const getJwks = () => getJson(`${bridge.url}/.well-known/jwks.json`);

  it('#10 a token in a query, a form or another header is ignored', async () => {
    const { tokens } = await connect(bridge.url, { parameters: { scope: 'openid read:user' } });
    const token = tokens.access_token;
    const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
    const mcp = { method: 'POST', body: ping, headers: { 'content-type': 'application/json', accept: '*/*' } };
    const form = { method: 'POST', body: new URLSearchParams({ access_token: token }) };
    for (const [path, init] of [
      [`/mcp?access_token=${token}`, mcp],
      [`/mcp?token=${token}`, mcp],
      ['/mcp', form],
      [`/sse?access_token=${token}`, {}],
      [`/userinfo?access_token=${token}`, {}],
      ['/userinfo', form],
      ['/mcp', { ...mcp, headers: { ...mcp.headers, cookie: `access_token=${token}`, 'x-access-token': token } }],
    ] as const) {
      const answer = await fetch(`${bridge.url}${path}`, init);
      await answer.body?.cancel();
      assert.equal(answer.status, 401, path.replace(token, '…'));
    }
    for (const authorization of [token, `Basic ${token}`, `token ${token}`, `Bearer, ${token}`]) {
      const answer = await fetch(`${bridge.url}/mcp`, { ...mcp, headers: { ...mcp.headers, authorization } });
      await answer.body?.cancel();
      assert.equal(answer.status, 401, authorization.replaceAll(token, '…'));
    }
  });

  it('#10 a revoked token is refused at once, although its signature was just checked', async () => {
    const { client, tokens } = await connect(bridge.url, { login: newPerson(bridge) });
    assert.equal(await works(bridge, tokens), true);
    await postForm(`${bridge.url}/revoke`, { token: tokens.access_token, client_id: client.client_id });
    await assertTakenNowhere(tokens.access_token, 'a revoked token');
  });

  it('#10 a token is refused once it has expired, although its signature was just checked', async () => {
    const { tokens } = await connect(bridge.url);
    assert.equal(await works(bridge, tokens), true);
    bridge.advance(3601);
    await assertTakenNowhere(tokens.access_token, 'an expired token');
  });

  it("#10 a stream of somebody else's is answered like one that never existed", async () => {
    const [owner, other] = [await connect(bridge.url), await connect(bridge.url, { login: 'hubot' })];
    const stream = await fetch(`${bridge.url}/sse`, { headers: bearer(owner.tokens.access_token) });
    assert.equal(stream.status, 200);
    const reader = stream.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    const path = /data: (\S+)/.exec(first)?.[1] ?? '';
    assert.match(path, /^\/messages\?sessionId=/);
    const say = (at: string, token?: string) =>
      postMessage(at, token === undefined ? {} : { authorization: `Bearer ${token}` });
    const [theirs, unknown] = [
      await say(path, other.tokens.access_token),
      await say('/messages?sessionId=00000000-0000-4000-8000-000000000000', other.tokens.access_token),
    ];
    assert.deepEqual(theirs, unknown);
    assert.equal(theirs.status, 404);
    assert.equal((await say(path)).status, 401);
    // Another session of the same person cannot use the stream either.
    const again = await connect(bridge.url);
    assert.equal((await say(path, again.tokens.access_token)).status, 404);
    assert.equal((await say(path, owner.tokens.access_token)).status, 202);
    // The stream of a revoked session ends.
    await postForm(`${bridge.url}/revoke`, { token: owner.tokens.access_token, client_id: owner.client.client_id });
    const more = async () => (await reader?.read().catch(() => undefined))?.done === false;
    while (await more());
  });

  async function postMessage(path: string, headers: Record<string, string>) {
    const answer = await fetch(`${bridge.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    });
    return { status: answer.status, text: await answer.text() };
  }
});
