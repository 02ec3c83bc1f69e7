// A domain is shown as verified only where the answer goes to that very host.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { createAgent } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { authorizationUrl, pkce, type TestClient } from '../support/oauth.ts';
import { type DocumentHost, startDocumentHost } from './document-host.ts';

onBothStores('a client metadata document', (store) => {
  let host: DocumentHost;
  before(async () => {
    host = await startDocumentHost();
  });
  const bridge = useBridge(() => ({ store, fetch: host.fetch }));
  after(() => host.close());

  async function consentPage(redirectUri: string): Promise<string> {
    const path = `/${encodeURIComponent(redirectUri)}`;
    const client_id = `${host.origin}${path}`;
    host.serve(path, { client_id, client_name: 'Trusted Company', redirect_uris: [redirectUri] });
    const client = { client_id, redirectUri } as TestClient;
    return (await createAgent().get(authorizationUrl(bridge.url, client, pkce().challenge))).html;
  }

  it('#31 verifies its domain for an answer that goes to the same host', async () => {
    const html = await consentPage('https://client.example/callback');
    assert.match(html, /class="[^"]*verified[^"]*"><bdi>client\.example/);
    assert.match(html, /The app chose this name itself/, 'the name stays unverified');
  });

  for (const redirectUri of [
    'https://attacker.example/callback',
    'https://client.example.attacker.example/callback',
    'https://sub.client.example/callback',
  ]) {
    it(`#31 verifies nothing for an answer that goes to ${new URL(redirectUri).host}`, async () => {
      const html = await consentPage(redirectUri);
      assert.doesNotMatch(html, /class="[^"]*verified/);
      assert.match(html, /It is not verified/);
    });
  }

  it('#31 shows of a long host the end, which says whose it is', async () => {
    const host = `${'client.example.'.repeat(8)}attacker.example`;
    const html = await consentPage(`https://${host}/callback`);
    assert.match(html, /<bdi>…\u2060[\w.]{1,62}attacker\.example<\/bdi>/);
    assert.ok(!html.includes(host));
  });
});
