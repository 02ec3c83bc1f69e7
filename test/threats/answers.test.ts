// Threats 20 and 21: answers that tell an attacker whether something exists, or a client about tokens that are not its own.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { z } from 'zod';
import { onBothStores } from '../support/bridge.ts';
import {
  connect,
  type JsonAnswer,
  login,
  postForm,
  redemption,
  refreshing,
  register,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { assertRefused } from './attack.ts';
import { ANOTHER, introspect, OTHER, SECRET, useBridgeWithResources } from './resource-servers.ts';

onBothStores('answers', (store) => {
  const bridge = useBridgeWithResources(store);

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  /** What an attacker sees of an answer, without the parts that differ each time. */
  function seen(answer: JsonAnswer) {
    const headers = [...answer.headers].filter(([name]) => !/^(?:date|x-request-id)$/.test(name));
    return { status: answer.status, body: answer.body, headers: headers.sort() };
  }

  it('#20 unknown and wrong are answered alike: clients and their secrets', async () => {
    const client = await register(bridge.url, { token_endpoint_auth_method: 'client_secret_basic' });
    const unknown = randomBytes(16).toString('base64url');
    const basic = (id: string) => ({ authorization: `Basic ${Buffer.from(`${id}:wrong`).toString('base64')}` });
    for (const path of ['/token', '/revoke', '/introspect']) {
      const form = { grant_type: 'refresh_token', refresh_token: 'x', token: 'x', code: 'x' };
      const post = (more: Record<string, string>, headers = {}) =>
        postForm(`${bridge.url}${path}`, { ...form, ...more }, headers);
      const answers = [
        await post({ client_id: unknown, client_secret: 'wrong' }),
        await post({ client_id: client.client_id, client_secret: 'wrong' }),
        await post({ client_id: client.client_id }),
        await post({ client_id: OTHER, client_secret: 'wrong' }),
      ];
      for (const answer of answers) assert.deepEqual(seen(answer), seen(answers[0] ?? answer), path);
      assert.deepEqual(seen(await post({}, basic(unknown))), seen(await post({}, basic(client.client_id))), path);
    }
  });

  it('#20 unknown and wrong are answered alike: registrations', async () => {
    const client = await register(bridge.url);
    const at = (id: string, token: string, method = 'GET') =>
      fetch(`${bridge.url}/register/${id}`, { method, headers: bearer(token) }).then(async (answer) => ({
        status: answer.status,
        headers: answer.headers,
        body: z.record(z.string(), z.unknown()).parse(await answer.json()),
      }));
    for (const method of ['GET', 'DELETE']) {
      const wrong = await at(client.client_id, 'wrong', method);
      assert.equal(wrong.status, 401);
      assert.deepEqual(seen(await at(randomBytes(16).toString('base64url'), 'wrong', method)), seen(wrong));
      assert.deepEqual(seen(await at('x', client.registration_access_token, method)), seen(wrong));
      const other = await register(bridge.url);
      assert.deepEqual(seen(await at(client.client_id, other.registration_access_token, method)), seen(wrong));
    }
    assert.equal((await at(client.client_id, client.registration_access_token)).status, 200);
  });

  it('#20 unknown and wrong are answered alike: codes and refresh tokens, of this client, another or nobody', async () => {
    const owner = await register(bridge.url);
    const guesser = await register(bridge.url);
    const { code, verifier } = await login(bridge.url, owner);
    const redeem = (text: string) =>
      tokenRequest(bridge.url, { ...redemption(guesser, text, verifier), redirect_uri: owner.redirectUri });
    const madeUp = (ref: Buffer) => `mgc_${Buffer.concat([ref, randomBytes(32)]).toString('base64url')}`;
    const genuine = Buffer.from(code.slice(4), 'base64url').subarray(0, 24);
    const unknownCode = await redeem(`mgc_${randomBytes(56).toString('base64url')}`);
    assertRefused(unknownCode, 'invalid_grant');
    assert.deepEqual(seen(await redeem(madeUp(genuine))), seen(unknownCode), 'a code of a session that is');
    assert.deepEqual(seen(await redeem(code)), seen(unknownCode), "another client's code");
    assert.deepEqual(seen(await redeem('mgc_x')), seen(unknownCode), 'no code at all');

    const tokens = tokensOf(await tokenRequest(bridge.url, redemption(owner, code, verifier)));
    const refresh = (text: string | undefined) => tokenRequest(bridge.url, refreshing(guesser, text));
    const forged = (ref: Buffer) => `mgr_${Buffer.concat([ref, randomBytes(52)]).toString('base64url')}`;
    const unknownToken = await refresh(forged(randomBytes(24)));
    assertRefused(unknownToken, 'invalid_grant');
    assert.deepEqual(seen(await refresh(forged(genuine))), seen(unknownToken), 'forged for a session that is');
    // A thief of a genuine token does not learn whether its session is alive.
    const alive = await refresh(tokens.refresh_token);
    await postForm(`${bridge.url}/revoke`, { token: tokens.access_token, client_id: owner.client_id });
    assert.deepEqual(seen(await refresh(tokens.refresh_token)), seen(alive), 'genuine, of another client');
  });

  it('#20 and #21 revocation and introspection say nothing of tokens that are none of the asker’s business', async () => {
    const owner = await connect(bridge.url, { parameters: { resource: OTHER } });
    const asker = await register(bridge.url);
    const revoke = (token: string | undefined, client = asker) =>
      postForm(`${bridge.url}/revoke`, { token, client_id: client.client_id });
    const unknown = await revoke('x');
    assert.equal(unknown.status, 200);
    for (const token of [
      owner.tokens.access_token,
      owner.tokens.refresh_token,
      'mgr_',
      'a.b.c',
      `${owner.tokens.access_token}x`,
    ])
      assert.deepEqual(seen(await revoke(token)), seen(unknown));
    assert.equal(
      (await introspect(bridge, OTHER, owner.tokens.access_token)).body.active,
      true,
      'a stranger revoked it',
    );
    for (const token of ['x', owner.tokens.refresh_token ?? '', 'a.b.c'])
      assert.deepEqual((await introspect(bridge, OTHER, token)).body, { active: false });
    assert.deepEqual(seen(await revoke(owner.tokens.access_token, owner.client)), seen(unknown));
    assert.deepEqual((await introspect(bridge, OTHER, owner.tokens.access_token)).body, { active: false });
  });

  it('#21 only a resource server that the operator named introspects, and only tokens of its own', async () => {
    const { tokens } = await connect(bridge.url, { parameters: { resource: OTHER } });
    const token = tokens.access_token;
    const answer = await introspect(bridge, OTHER, token);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.active, true);
    assert.equal(answer.body.aud, OTHER);
    assert.equal(answer.headers.get('cache-control'), 'no-store');

    const dynamic = await register(bridge.url, {
      token_endpoint_auth_method: 'client_secret_post',
      resource: OTHER,
      origin: 'preregistered',
    });
    const open = await register(bridge.url, { resource: OTHER });
    const ask = (parameters: Record<string, string | undefined>, headers = {}) =>
      postForm(`${bridge.url}/introspect`, { token, ...parameters }, headers);
    for (const [what, refused, status] of [
      ['nobody', await ask({}), 401],
      ['the bearer of the token', await ask({}, bearer(token)), 401],
      ['a wrong secret', await ask({ client_id: OTHER, client_secret: 'wrong' }), 401],
      ['no secret', await ask({ client_id: OTHER }), 401],
      ['a dynamic client', await ask({ client_id: dynamic.client_id, client_secret: dynamic.client_secret }), 403],
      ['a public client', await ask({ client_id: open.client_id }), 403],
      [
        'a named client that is no resource server',
        await ask({ client_id: 'no-resource-server', client_secret: SECRET }),
        403,
      ],
      ['a resource server without a secret', await ask({ client_id: 'public' }), 403],
    ] as const) {
      assert.equal(refused.status, status, what);
      assert.equal(refused.body.active, undefined, what);
    }
    const another = await connect(bridge.url, { parameters: { resource: ANOTHER } });
    assert.deepEqual((await introspect(bridge, OTHER, another.tokens.access_token)).body, { active: false });
    assert.deepEqual((await introspect(bridge, OTHER, (await connect(bridge.url)).tokens.access_token)).body, {
      active: false,
    });
  });
});
