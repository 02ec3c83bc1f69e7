// What an operator writes by mistake is said at the start, and what strangers send costs no more than it must.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createPrivateDirectory } from '../../src/base/private-directory.ts';
import { ConfigurationError, readConfig } from '../../src/config/config.ts';
import { bridgeFor, onBothStores } from '../support/bridge.ts';
import { connect, logIn, register } from '../support/oauth.ts';
import { until } from '../support/until.ts';

const GITHUB = { GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' };

describe("an operator's mistake", () => {
  for (const [one, other] of [
    ['https://api.example.com/mcp', 'https://api.example.com/mcp/'],
    ['https://api.example.com/mcp', 'https://api.example.com/mcp?tenant=2'],
    ['https://api.example.com/mcp', 'https://API.example.com/mcp'],
  ]) {
    it(`#24 such as two RESOURCES that clients cannot tell apart, ${one} and ${other}, stops the start`, () => {
      assert.throws(
        () => readConfig({ ...GITHUB, RESOURCES: `${one},${other}` }),
        (error) =>
          error instanceof ConfigurationError && error.complaints.every(({ variable }) => variable === 'RESOURCES'),
      );
    });
  }

  it('#24 such as a directory that the system does not create is said at once', () => {
    assert.throws(() => createPrivateDirectory('/proc/nope/deeper'), /the directory \/proc\/nope cannot be created/);
  });
});

/** Sends a request with a head that promises a body, and none of the body. @returns the status of the answer */
function statusBeforeBody(url: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method: 'POST', headers: { 'content-length': '1000', ...headers } });
    sent.on('response', (response) => {
      resolve(response.statusCode);
      sent.destroy();
    });
    sent.on('error', reject);
    sent.flushHeaders();
  });
}

onBothStores('a body', (store) => {
  it('#25 of a stranger is not read at /messages, nor at the webhook', async (t) => {
    const bridge = await bridgeFor(t, { store, env: { GITHUB_WEBHOOK_SECRET: 'a webhook secret' } });
    const json = { 'content-type': 'application/json' };
    assert.equal(await statusBeforeBody(bridge.url, '/messages?sessionId=x', json), 401);
    assert.equal(await statusBeforeBody(bridge.url, '/github/webhook', json), 401);
    // With the form of a signature the bytes are read, and not parsed unless the signature is right.
    const body = '{"action":';
    const signed = (secret: string) => ({
      'x-github-event': 'github_app_authorization',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    });
    const deliver = (secret: string) =>
      fetch(`${bridge.url}/github/webhook`, { method: 'POST', headers: signed(secret), body });
    assert.equal((await deliver('another secret')).status, 401);
    assert.equal((await deliver('a webhook secret')).status, 204);
  });

  it('#25 that ends half-way at the webhook is the mistake of its sender', async (t) => {
    const bridge = await bridgeFor(t, { store, env: { GITHUB_WEBHOOK_SECRET: 'a webhook secret' } });
    const headers = { 'content-length': '1000', 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };
    const sent = request(`${bridge.url}/github/webhook`, { method: 'POST', headers });
    sent.on('error', () => {});
    sent.write('{');
    // The head has arrived when another request is answered after it.
    await until(async () => (await fetch(`${bridge.url}/healthz`)).ok, { what: 'an answer' });
    sent.destroy();
    await until(() => Promise.resolve(bridge.eventsOf('request.failed').length > 0), { what: 'the failure' });
    assert.deepEqual(
      bridge.eventsOf('request.failed').map(({ expected }) => expected),
      [true],
    );
  });

  it('#25 that is too large is answered 413, by pages too', async (t) => {
    const bridge = await bridgeFor(t, { store, env: { GITHUB_WEBHOOK_SECRET: 'a webhook secret' } });
    const body = 'x='.padEnd(100_000, 'x');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const path of ['/consent', '/authorize', '/account/sign-in', '/token', '/revoke']) {
      const { status } = await fetch(`${bridge.url}${path}`, { method: 'POST', headers: form, body });
      assert.equal(status, 413, path);
    }
    const headers = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };
    const delivery = await fetch(`${bridge.url}/github/webhook`, {
      method: 'POST',
      headers,
      body: 'x'.repeat(1_100_000),
    });
    assert.equal(delivery.status, 413);
    const { tokens } = await connect(bridge.url);
    const authorized = { 'content-type': 'application/json', authorization: `Bearer ${tokens.access_token}` };
    const message = await fetch(`${bridge.url}/messages?sessionId=x`, {
      method: 'POST',
      headers: authorized,
      body: JSON.stringify('x'.repeat(1_100_000)),
    });
    assert.equal(message.status, 413);
  });
});

onBothStores('a client of CLIENTS_FILE', (store) => {
  it('#26 gets no scope that it is not registered for', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-clients-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'clients.json');
    const redirectUri = 'https://app.example/callback';
    const metadata = { client_id: 'ours', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' };
    writeFileSync(file, JSON.stringify([{ ...metadata, scope: 'user public_repo openid' }]));
    const bridge = await bridgeFor(t, { store, env: { CLIENTS_FILE: file } });
    const client = { ...(await register(bridge.url)), client_id: 'ours', redirectUri };
    const scopeOf = async (scope: string) => (await logIn(bridge.url, client, { parameters: { scope } })).scope;
    assert.equal(await scopeOf('read:user repo delete_repo openid'), 'read:user openid');
    assert.equal(await scopeOf('public_repo'), 'public_repo');
    await assert.rejects(scopeOf('repo'), /invalid_scope/);
    // Others ask for what they like: the person decides.
    const open = await connect(bridge.url, { parameters: { scope: 'repo' } });
    assert.equal(open.tokens.scope, 'repo');
  });
});
