// `list_user_emails`: every address at GitHub, also those that are not public, for `user:email` alone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useBridge } from '../../support/bridge.ts';
import { callTool, connect } from '../../support/oauth.ts';

describe('list_user_emails', () => {
  const bridge = useBridge({ store: 'sqlite' });

  it('lists all addresses as GitHub has them, unverified ones too', async () => {
    for (const scope of ['user:email', 'user']) {
      const { tokens } = await connect(bridge.url, { login: 'monalisa', parameters: { scope } });
      const { result } = await callTool(bridge.url, tokens.access_token, 'list_user_emails');
      assert.deepEqual(result?.structuredContent, { emails: bridge.github.account('monalisa').emails });
    }
  });

  it('needs user:email, also when GitHub granted it for the scope email of OpenID Connect', async () => {
    for (const scope of ['read:user', 'openid email']) {
      const { tokens } = await connect(bridge.url, { parameters: { scope } });
      const refused = await callTool(bridge.url, tokens.access_token, 'list_user_emails');
      assert.equal(refused.status, 403, scope);
      assert.match(refused.headers.get('www-authenticate') ?? '', /error="insufficient_scope".* scope="user:email"/);
    }
  });
});
