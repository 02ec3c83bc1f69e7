// `/mcp`: a request is authenticated before anything else is said about it, bodies are bounded, and a session that GitHub
// ended during the call is a 401 (MCP Transports, "Streamable HTTP"). GitHub's end is in test/github/revocation.test.ts,
// a store that fails in test/threats/store-down.test.ts, the protocol itself in sdk-clients.test.ts and
// test/conformance.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type ClientRequest, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { before, describe, it } from 'node:test';
import { useBridge } from '../support/bridge.ts';
import { connect } from '../support/oauth.ts';

describe('/mcp', () => {
  const bridge = useBridge({ store: 'sqlite' });
  let token: string;
  before(async () => {
    token = (await connect(bridge.url)).tokens.access_token;
  });
  const ask = (method: string, body?: string | ReadableStream<Uint8Array>, more: Record<string, string> = {}) =>
    fetch(`${bridge.url}/mcp`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2025-06-18',
        ...more,
      },
      ...(body === undefined ? {} : { body, duplex: 'half' }),
    } as RequestInit);
  const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

  it('challenges before it says which methods it takes, because clients probe with GET', async () => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await ask(method, method === 'POST' ? ping : undefined, { authorization: '' });
      assert.equal(response.status, 401, method);
      assert.ok(response.headers.has('www-authenticate'));
    }
    assert.equal((await ask('GET')).status, 405);
  });

  it('answers a call in every way in which clients write it', async () => {
    const response = await ask('POST', ping);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /"result":\{\}/);
    const notified = await ask('POST', JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    assert.equal(notified.status, 202);
  });

  it('refuses what is no JSON-RPC, and tells so', async () => {
    const before = bridge.eventsOf('mcp.refused').length;
    for (const body of ['', '{', '"x"', '[]', '{"jsonrpc":"1.0"}']) {
      const response = await ask('POST', body);
      assert.ok(response.status >= 400 && response.status < 500, `${body}: ${response.status}`);
      await response.arrayBuffer();
    }
    assert.ok(bridge.eventsOf('mcp.refused').length > before);
  });

  it('reads no more than a megabyte', async () => {
    const padded = (bytes: number) => ping.replace('"ping"', `"ping","params":{"x":"${'x'.repeat(bytes)}"}`);
    assert.equal((await ask('POST', padded(1024 * 1024))).status, 413);
    assert.equal((await ask('POST', padded(1000 * 1024))).status, 200);
    // Without a length in its head, and with more to come.
    const chunked = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) });
    const refused = await ask('POST', chunked);
    assert.equal(refused.status, 413);
    assert.match(await refused.text(), /"jsonrpc":"2\.0"/);
  });

  it('refuses a longer body before it comes, and answers on the same connection when it has come', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = (length: number) =>
      request(`${bridge.url}/mcp`, {
        agent,
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          'content-length': length,
        },
      });
    const statusOf = async (sent: ClientRequest) => {
      const [response] = await once(sent, 'response');
      await text(response);
      return response.statusCode;
    };
    const long = send(2 * 1024 * 1024);
    long.flushHeaders();
    assert.equal(await statusOf(long), 413);
    long.end('x'.repeat(2 * 1024 * 1024));
    await once(long, 'close');
    const next = send(ping.length).end(ping);
    assert.equal(await statusOf(next), 200);
    assert.equal(next.reusedSocket, true);
    agent.destroy();
  });
});
