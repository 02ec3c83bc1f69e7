// Threat 37: an answer of `/mcp` or `/sse` that stays open. It ends with its last call, with its session, and with its
// client; one person cannot take all. That `/sse` refuses the 51st stream is in malformed-input.test.ts.
import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { bridgeFor, onBothStores, type TestBridge, useBridge } from '../support/bridge.ts';
import { callTool, connect, postForm, type TestClient, type Tokens } from '../support/oauth.ts';
import { until } from '../support/until.ts';
import { atOnce, newPerson, overriding, sidOf } from './attack.ts';

const PROFILE = '/api/v3/user';
const ping = (id: number | string) => ({ jsonrpc: '2.0', id, method: 'ping' });
const call = (id: number, name: string) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});
const cancellation = (requestId: number) => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId },
});
const bearer = ({ access_token }: Tokens) => ({ authorization: `Bearer ${access_token}` });

/** Posts one message or a batch as the protocol versions with batches do. */
function post(bridge: TestBridge, tokens: Tokens, body: unknown, signal = AbortSignal.timeout(10_000)) {
  return fetch(`${bridge.url}/mcp`, {
    method: 'POST',
    headers: {
      ...bearer(tokens),
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2025-03-26',
    },
    body: JSON.stringify(body),
    signal,
  });
}

/** Posts a batch and reads nothing of the answer until it is told to. */
function postUnread(bridge: TestBridge, tokens: Tokens, body: unknown): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...bearer(tokens),
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    };
    request(`${bridge.url}/mcp`, { method: 'POST', headers, agent: false }, (response) => resolve(response.pause()))
      .on('error', reject)
      .end(JSON.stringify(body));
  });
}

/** Reads to the end, in order or cut off. @returns how many whole messages came */
async function rest(response: IncomingMessage): Promise<{ answers: number }> {
  let text = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
  } catch {
    // cut off
  }
  return { answers: text.match(/^data: .*}$/gm)?.length ?? 0 };
}

/** A person whose list of repositories is larger than what a connection takes of an answer that is not read. */
function withManyRepositories(bridge: TestBridge) {
  const id = 9_000_000 + bridge.github.accounts.length;
  const login = `person-${id}`;
  const description = 'x'.repeat(100_000);
  const repositories = Array.from({ length: 100 }, (_, index) => ({
    id: id + index,
    name: `repository-${index}`,
    private: false,
    description,
  }));
  bridge.github.addAccount({ id, login, name: null, email: `${login}@example.com`, repositories });
  return connect(bridge.url, { login, parameters: { scope: 'read:user public_repo' } });
}

const streamOf = (bridge: TestBridge, tokens: Tokens) =>
  fetch(`${bridge.url}/sse`, { headers: bearer(tokens), signal: AbortSignal.timeout(10_000) });

/** Resolves when a body is over; rejects when it stays open. */
async function over({ body }: Response): Promise<void> {
  const reader = body?.getReader();
  try {
    while ((await reader?.read())?.done === false);
  } catch (error) {
    assert.notEqual(Object(error).name, 'TimeoutError', 'the answer stays open');
  }
}

const revoke = (bridge: TestBridge, client: TestClient, tokens: Tokens) =>
  postForm(`${bridge.url}/revoke`, { token: tokens.refresh_token, client_id: client.client_id });

/** A call that waits for GitHub until the faults are cleared. */
async function hangingCall(
  bridge: TestBridge,
  tokens: Tokens,
  body: unknown = call(1, 'get_user_profile'),
  signal?: AbortSignal,
) {
  bridge.github.clearCalls();
  bridge.github.fault({ kind: 'hang', path: PROFILE });
  const answer = post(bridge, tokens, body, signal);
  await until(() => bridge.github.calls.some(({ path }) => path === PROFILE), { what: 'the call at GitHub' });
  return { answer };
}

describe('an answer at /mcp', () => {
  const bridge = useBridge({ store: 'sqlite' });
  afterEach(() => bridge.github.clearFaults());

  it('#37 ends although a batch cancels a call of its own', async () => {
    const { tokens } = await connect(bridge.url);
    const answer = await post(bridge, tokens, [call(1, 'get_auth_status'), ping(2), cancellation(1), cancellation(2)]);
    assert.equal(answer.status, 200);
    const text = await answer.text();
    assert.match(text, /"id":1/);
    assert.match(text, /"id":2/);
  });

  it('#37 is cut off when its client reads nothing and more than a megabyte is queued', async () => {
    const { tokens } = await withManyRepositories(bridge);
    const batch = [1, 2, 3, 4, 5].map((id) => call(id, 'list_repositories'));
    const unread = await postUnread(bridge, tokens, batch);
    assert.equal(unread.statusCode, 200);
    // Requests that are answered meanwhile give the bridge the time to notice.
    for (const id of [1, 2, 3]) assert.equal((await post(bridge, tokens, ping(id))).status, 200);
    const { answers } = await rest(unread);
    assert.ok(answers < 5, `${answers} answers came`);
  });

  it('#37 is not cut off for its size: one answer as large as a tool gives it waits for who reads late', async () => {
    const { tokens } = await withManyRepositories(bridge);
    const late = await postUnread(bridge, tokens, call(1, 'list_repositories'));
    assert.equal((await post(bridge, tokens, ping(1))).status, 200);
    assert.equal((await rest(late)).answers, 1);
    // The id comes back in the answer: all together more than a megabyte.
    const many = Array.from({ length: 100 }, (_, index) => ({
      ...ping(`${index}${'x'.repeat(9000)}`),
      method: 'tools/list',
    }));
    const read = await (await post(bridge, tokens, many)).text();
    assert.equal(read.match(/^data: .*}$/gm)?.length, 100);
  });

  it('#37 is cut off after a minute, which no call takes', async () => {
    const { tokens } = await connect(bridge.url, { login: newPerson(bridge) });
    const { answer } = await hangingCall(bridge, tokens);
    bridge.advance(61);
    await Promise.all([assert.rejects(answer, TypeError), bridge.bridge.maintain()]);
    bridge.github.clearFaults();
  });
});

describe('one person', () => {
  const bridge = useBridge({ store: 'sqlite' });
  afterEach(() => bridge.github.clearFaults());

  it('#37 has a hundred answers open at /mcp at most, and others are answered', async () => {
    const [greedy, other] = [
      await connect(bridge.url, { login: newPerson(bridge) }),
      await connect(bridge.url, { login: newPerson(bridge) }),
    ];
    const hangUp = new AbortController();
    bridge.github.fault({ kind: 'hang', path: PROFILE });
    const calls = Array.from({ length: 101 }, () =>
      post(bridge, greedy.tokens, call(1, 'get_user_profile'), hangUp.signal),
    );
    const refused = await Promise.race(calls);
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.equal((await callTool(bridge.url, other.tokens.access_token, 'get_auth_status')).status, 200);
    const stream = await streamOf(bridge, greedy.tokens);
    assert.equal(stream.status, 200, 'streams are counted apart');
    await stream.body?.cancel();
    // A client that hangs up gives its share back, though GitHub has not answered yet.
    hangUp.abort();
    assert.equal((await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected').length, 100);
    await until(
      async () => (await callTool(bridge.url, greedy.tokens.access_token, 'get_auth_status')).status === 200,
      {
        what: 'the hundred calls that were given up',
        timeout: 5000,
      },
    );
    bridge.github.clearFaults();
  });

  it('#37 has a hundred calls under way at most, also in batches and over a stream', async () => {
    const { tokens } = await connect(bridge.url, { login: newPerson(bridge) });
    const stream = await streamOf(bridge, tokens);
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const [, messages = ''] = /data: (\S+)/.exec((await reader?.read())?.value ?? '') ?? [];
    const hangUp = new AbortController();
    const batch = Array.from({ length: 100 }, (_, index) => call(index, 'get_user_profile'));
    const { answer } = await hangingCall(bridge, tokens, batch, hangUp.signal);
    const headers = { ...bearer(tokens), 'content-type': 'application/json' };
    const body = JSON.stringify(call(101, 'get_auth_status'));
    assert.equal((await fetch(`${bridge.url}${messages}`, { method: 'POST', headers, body })).status, 202);
    assert.match((await reader?.read())?.value ?? '', /100 calls are under way/);
    await reader?.cancel();
    hangUp.abort();
    await assert.rejects(answer);
    bridge.github.clearFaults();
  });

  it('#37 has fifty streams at most, also when all are opened at once', async () => {
    const { tokens } = await connect(bridge.url, { login: newPerson(bridge) });
    const streams = await atOnce(60, () => streamOf(bridge, tokens));
    assert.equal(streams.filter(({ status }) => status === 200).length, 50);
    await Promise.all(streams.map(({ body }) => body?.cancel()));
  });
});

onBothStores('the end of a session', (store) => {
  const bridge = useBridge({ store });
  afterEach(() => bridge.github.clearFaults());

  it('#37 ends its calls under way at once: 401, though GitHub has not answered', async () => {
    const [ending, staying] = [await connect(bridge.url), await connect(bridge.url)];
    const { answer } = await hangingCall(bridge, ending.tokens);
    const other = callTool(bridge.url, staying.tokens.access_token, 'get_user_profile');
    await revoke(bridge, ending.client, ending.tokens);
    const { status, headers } = await answer;
    assert.equal(status, 401);
    assert.match(headers.get('www-authenticate') ?? '', /error="invalid_token"/);
    bridge.github.clearFaults();
    assert.equal((await other).status, 200, 'of another session of the same person');
  });

  it('#37 ends its calls that have not begun: GitHub is not asked', async (t) => {
    // Whether the caller is an administrator is read before the calls of a batch begin; the session ends in that moment.
    let meanwhile = async () => {};
    const slow = await bridgeFor(t, {
      store,
      env: { ADMIN_GITHUB_USERS: 'octocat' },
      wrapStore: (original) => {
        const shared = overriding(original.shared, {
          async readDocument(document) {
            await meanwhile();
            return original.shared.readDocument(document);
          },
        });
        return overriding(original, { shared });
      },
    });
    const { client, tokens } = await connect(slow.url);
    slow.github.clearCalls();
    let ended = false;
    meanwhile = async () => {
      meanwhile = async () => {};
      ended = (await revoke(slow, client, tokens)).status === 200;
    };
    const { status } = await post(slow, tokens, [call(1, 'get_user_profile')]);
    assert.deepEqual([ended, status, slow.github.callsTo('GET', PROFILE).length], [true, 401, 0]);
  });

  it('#37 ends its answers that have begun, and its streams', async () => {
    const { client, tokens } = await connect(bridge.url);
    const stream = await streamOf(bridge, tokens);
    const answer = await (await hangingCall(bridge, tokens, [ping(1), call(2, 'get_user_profile')])).answer;
    assert.equal(answer.status, 200);
    await revoke(bridge, client, tokens);
    await Promise.all([over(answer), over(stream)]);
    bridge.github.clearFaults();
  });

  it('#37 ends its answers that nobody reads', async () => {
    const { client, tokens } = await withManyRepositories(bridge);
    const unread = await postUnread(bridge, tokens, call(1, 'list_repositories'));
    await revoke(bridge, client, tokens);
    assert.equal((await rest(unread)).answers, 0);
  });

  it('#37 ends its answers and streams also when another process ended it', async () => {
    const [ending, staying] = [await connect(bridge.url), await connect(bridge.url)];
    const [stream, other] = [await streamOf(bridge, ending.tokens), await streamOf(bridge, staying.tokens)];
    const { answer } = await hangingCall(bridge, ending.tokens);
    // What another process does emits no event in this one.
    assert.ok(await bridge.store.sessions.end(sidOf(ending.tokens)));
    await Promise.all([bridge.bridge.maintain(), over(stream)]);
    assert.equal((await answer).status, 401);
    bridge.github.clearFaults();
    const open = other.body?.getReader();
    assert.match(new TextDecoder().decode((await open?.read())?.value), /event: endpoint/);
    const more = open?.read();
    assert.equal(await Promise.race([more, bridge.bridge.maintain()]), undefined, 'the other stream stays open');
    await open?.cancel();
  });
});
