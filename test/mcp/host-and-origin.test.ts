// Which hosts and origins reach the MCP endpoints (MCP Transports, security warning on DNS rebinding). The whole app under
// attack is in test/threats/hosts-and-origins.test.ts.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import Koa from 'koa';
import { checkHostAndOrigin } from '../../src/mcp/host-and-origin.ts';
import { createOriginRule } from '../../src/security/origins.ts';
import { type Listening, listen } from '../support/listen.ts';

const LOOPBACK = 'http://localhost:8000';
const PUBLIC = 'https://bridge.example';

/** The status of a request with these headers at a server that lets through with 204. */
function guarded(publicUrl: string, loopback: boolean) {
  let server: Listening;
  before(async () => {
    const app = new Koa();
    app.use(checkHostAndOrigin(publicUrl, loopback, createOriginRule(publicUrl, loopback, undefined)));
    app.use((ctx) => {
      ctx.status = 204;
    });
    server = await listen(app.callback());
  });
  after(() => server.close());
  return (host: string, origin?: string): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const headers = { host, ...(origin === undefined ? {} : { origin }) };
      const sent = request(server.url, { headers, agent: false }, async (response) => {
        resolve({ status: response.statusCode ?? 0, body: (await response.toArray()).join('') });
      });
      sent.once('error', reject).end();
    });
}

describe('on a developer’s machine the MCP endpoints', () => {
  const ask = guarded(LOOPBACK, true);

  it('answer to every name of the machine', async () => {
    for (const host of ['localhost:8000', '127.0.0.1:8000', '[::1]:8000', 'LOCALHOST:1'])
      assert.equal((await ask(host)).status, 204, host);
  });

  it('refuse any other host with 403, in terms of JSON-RPC', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '10.0.0.1:8000', 'localhost@evil.example']) {
      const { status, body } = await ask(host);
      assert.equal(status, 403, host);
      assert.deepEqual(JSON.parse(body), {
        jsonrpc: '2.0',
        error: { code: -32000, message: 'Forbidden: Host is not this server' },
        id: null,
      });
    }
  });

  it('take no origin and loopback origins, and refuse any other', async () => {
    for (const origin of [undefined, 'http://localhost:6274', 'http://127.0.0.1', LOOPBACK])
      assert.equal((await ask('localhost:8000', origin)).status, 204, origin);
    for (const origin of ['https://evil.example', 'null'])
      assert.match((await ask('localhost:8000', origin)).body, /Origin is not allowed/, origin);
  });
});

describe('on a public address the MCP endpoints', () => {
  const ask = guarded(PUBLIC, false);

  it('answer to their one name', async () => {
    assert.equal((await ask('bridge.example')).status, 204);
    assert.equal((await ask('BRIDGE.example')).status, 204);
    for (const host of ['localhost', 'bridge.example.evil.example', 'bridge.example:8443'])
      assert.equal((await ask(host)).status, 403, host);
  });
});
