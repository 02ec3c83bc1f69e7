// ID tokens: for logins that asked for openid, and good for their client alone (OpenID Connect Core sections 2, 3.1.3.6
// and 3.1.3.7). oauth4webapi checks nonce, signature, audience and age.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as oauth from 'oauth4webapi';
import { useBridge } from '../../support/bridge.ts';
import { connect, getJson } from '../../support/oauth.ts';
import { strictClient } from '../strict-client.ts';

describe('an ID token', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const strict = strictClient(bridge);

  it('says to a strict client who logged in, and when', async () => {
    const registered = await strict.register();
    const scope = 'openid profile email read:user offline_access';
    const tokens = await strict.logIn(registered, { scope, resource: `${bridge.url}/mcp` });
    assert.deepEqual(tokens.scope?.split(' ').sort(), scope.split(' ').sort());
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    const { id } = bridge.github.account('octocat');
    assert.equal(claims?.sub, String(id));
    assert.equal(claims?.preferred_username, 'octocat');
    assert.ok(Math.abs(Number(claims?.auth_time) - bridge.now()) < 30);
  });

  it('is signed with RS256, names the access token by its hash, and claims what the metadata says', async () => {
    const { client, tokens } = await connect(bridge.url, { parameters: { scope: 'openid profile', nonce: 'n' } });
    const idToken = tokens.id_token ?? '';
    const claims = decodeJwt(idToken);
    assert.equal(decodeProtectedHeader(idToken).alg, 'RS256');
    assert.equal(claims.aud, client.client_id);
    assert.equal(claims.nonce, 'n');
    const half = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16);
    assert.equal(claims.at_hash, half.toString('base64url'));
    const { body } = await getJson(`${bridge.url}/.well-known/openid-configuration`);
    assert.deepEqual(body.id_token_signing_alg_values_supported, ['RS256']);
    const supported = body.claims_supported as string[];
    assert.deepEqual(
      Object.keys(claims).filter((claim) => !supported.includes(claim)),
      [],
    );
  });

  it('tells name and picture with the scope profile alone, and no nonce that was not sent', async () => {
    const { tokens } = await connect(bridge.url, { parameters: { scope: 'openid email' } });
    assert.deepEqual(Object.keys(decodeJwt(tokens.id_token ?? '')).sort(), [
      'at_hash',
      'aud',
      'auth_time',
      'exp',
      'iat',
      'iss',
      'sub',
    ]);
  });

  it('is not there without openid', async () => {
    const { tokens } = await connect(bridge.url, { parameters: { scope: 'profile read:user' } });
    assert.equal(tokens.id_token, undefined);
  });
});
