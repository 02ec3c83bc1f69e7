// The HTTP+SSE transport: a stream answers to the session that opened it, and ends with it (MCP 2024-11-05, Transports).
// Streams under attack are in test/threats/streams.test.ts, tokens.test.ts and malformed-input.test.ts there, their end at a
// stop in stop.test.ts; the SDKs' clients use it in sdk-clients.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TestBridge, useBridge } from '../support/bridge.ts';
import { connect, postForm, type Tokens } from '../support/oauth.ts';

const bearer = ({ access_token }: Pick<Tokens, 'access_token'>) => ({ authorization: `Bearer ${access_token}` });

/** Opens a stream. */
async function openStream(bridge: TestBridge, tokens: Tokens, path = '/sse') {
  const response = await fetch(`${bridge.url}${path}`, { headers: bearer(tokens) });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  assert.ok(response.body);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const read = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const [, found] = pattern.exec(text) ?? [];
      if (found !== undefined) return found;
      const { done, value } = await reader.read();
      if (done) throw new Error(`the stream ended without ${pattern}: ${text}`);
      text += value;
    }
  };
  const messages = await read(/event: endpoint\ndata: (\S+)\n/);
  return {
    read,
    post: (body: unknown, headers: Record<string, string> = bearer(tokens)) =>
      fetch(`${bridge.url}${messages}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    /** Resolves when the stream is over, in order or cut off. */
    async over(): Promise<void> {
      while ((await reader.read().catch(() => ({ done: true }))).done === false);
    },
    close: () => reader.cancel(),
  };
}

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

describe('a stream of /sse', () => {
  const bridge = useBridge({ store: 'sqlite' });

  it('names where to send messages, and answers there, with a trailing slash alike', async () => {
    const { tokens } = await connect(bridge.url);
    for (const path of ['/sse', '/sse/']) {
      const stream = await openStream(bridge, tokens, path);
      assert.equal((await stream.post(ping)).status, 202);
      assert.match(await stream.read(/event: message\ndata: (.*)\n/), /"result":\{\}/);
      await stream.close();
    }
  });

  it('is refused without a token, and has no answer to HEAD, which would never end', async () => {
    assert.equal((await fetch(`${bridge.url}/sse`)).status, 401);
    assert.equal((await fetch(`${bridge.url}/messages`, { method: 'POST' })).status, 401);
    const { tokens } = await connect(bridge.url);
    const head = await fetch(`${bridge.url}/sse`, { method: 'HEAD', headers: bearer(tokens) });
    assert.equal(head.status, 405);
    assert.equal(head.headers.get('allow'), 'GET');
  });

  it('takes messages of its own session, and of another answers as if it were not there', async () => {
    const [mine, others] = [(await connect(bridge.url)).tokens, (await connect(bridge.url)).tokens];
    const stream = await openStream(bridge, mine);
    const refused = await stream.post(ping, bearer(others));
    const unknown = await fetch(`${bridge.url}/messages?sessionId=x`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(others) },
      body: JSON.stringify(ping),
    });
    assert.deepEqual([refused.status, unknown.status], [404, 404]);
    assert.equal(await refused.text(), await unknown.text());
    assert.equal((await stream.post(ping)).status, 202);
    await stream.close();
  });

  it('takes one JSON object at a time', async () => {
    const stream = await openStream(bridge, (await connect(bridge.url)).tokens);
    for (const body of [[ping], 'ping', 1]) assert.equal((await stream.post(body)).status, 400, JSON.stringify(body));
    await stream.close();
  });

  it('challenges a call whose token lacks the scope of its tool', async () => {
    const stream = await openStream(bridge, (await connect(bridge.url)).tokens);
    const params = { name: 'list_user_emails', arguments: {} };
    const refused = await stream.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('www-authenticate') ?? '', /error="insufficient_scope".* scope="user:email"/);
    await stream.close();
  });

  it('ends with its session, and leaves the streams of other sessions open', async () => {
    const [ending, staying] = [await connect(bridge.url), await connect(bridge.url)];
    const [one, other] = [await openStream(bridge, ending.tokens), await openStream(bridge, staying.tokens)];
    const { refresh_token: token } = ending.tokens;
    await postForm(`${bridge.url}/revoke`, { token, client_id: ending.client.client_id });
    await one.over();
    assert.equal((await other.post(ping)).status, 202);
    await other.close();
  });
});
