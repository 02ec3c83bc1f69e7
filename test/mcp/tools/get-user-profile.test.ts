// `get_user_profile`, and with it the main job, whole, over HTTP: register, consent, GitHub, code, tokens, call.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothStores, useBridge } from '../../support/bridge.ts';
import { callTool, connect } from '../../support/oauth.ts';

onBothStores('get_user_profile', (store) => {
  const bridge = useBridge({ store });

  it('logs a person in and answers with the document of GitHub', async () => {
    const { tokens } = await connect(bridge.url, { login: 'monalisa' });
    const { status, result } = await callTool(bridge.url, tokens.access_token, 'get_user_profile');
    assert.equal(status, 200);
    assert.equal(result?.structuredContent?.login, 'monalisa');
    assert.equal(result?.structuredContent?.id, bridge.github.account('monalisa').id);
    assert.deepEqual(JSON.parse(result?.content[0]?.text ?? ''), result?.structuredContent);
    assert.equal(result?.content.length, 1);
  });

  it('leaves out nothing of that document', async () => {
    const { tokens } = await connect(bridge.url, { login: 'monalisa' });
    const { result } = await callTool(bridge.url, tokens.access_token, 'get_user_profile');
    const [live] = bridge.github.liveTokens({ account: 'monalisa' });
    const headers = { authorization: `Bearer ${live?.token}` };
    const document: unknown = await (await fetch(`${bridge.github.url}/api/v3/user`, { headers })).json();
    assert.deepEqual(result?.structuredContent, document);
  });
});
