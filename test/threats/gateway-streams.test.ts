// Threat 46: a stream of the gateway that outlives its session, costs memory without bound, or harms another. It ends with its
// session, wherever that ended; what is not read is bounded, in bytes and in time; one person cannot take all.
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { signIn } from '../account/sign-in.ts';
import { recordingServer } from '../gateway/fixtures.ts';
import { startReplicas } from '../gateway/replicas.ts';
import {
  answersJson,
  bytesOf,
  CALL,
  chunk,
  closed,
  type Gate,
  nextPart,
  type ReadAnswer,
  readAnswer,
  STREAM_HEAD,
  startGate,
  useGate,
} from '../gateway/sockets.ts';
import { connect, postForm, refreshing, type Tokens, tokenRequest, tokensOf } from '../support/oauth.ts';
import { until } from '../support/until.ts';
import { newPerson, sidOf } from './attack.ts';

const EVENT = 'data: {"jsonrpc":"2.0","method":"a"}\n\n';
/** Milliseconds in which a stream must have ended. */
const AT_ONCE = 5000;

/** Two streams, of GET and of POST, that have begun, and a call that is not answered yet. */
async function openAnswers(gate: Gate, tokens: Tokens) {
  gate.server.answer = (socket, { method, body }) => {
    if (method === 'GET' || body === '') socket.write(`${STREAM_HEAD}${chunk(EVENT)}`);
  };
  const streams = [await gate.open({ method: 'GET', tokens }), await gate.open({ method: 'DELETE', tokens })];
  for (const stream of streams) assert.equal(await nextPart(stream), EVENT);
  const heard = gate.server.requests.length;
  const call = gate.send({ tokens });
  await until(() => gate.server.requests.length > heard, { what: 'the call at the server' });
  return { streams, call };
}

/** Fails unless streams end within five seconds. */
async function assertEnd(streams: readonly IncomingMessage[]): Promise<ReadAnswer[]> {
  const begun = performance.now();
  const ended = await Promise.all(streams.map(readAnswer));
  assert.ok(performance.now() - begun < AT_ONCE);
  return ended;
}

/** Fails unless an answer says in full that the session is over. */
function assertSessionOver({ status, headers, text, complete }: ReadAnswer): void {
  assert.deepEqual([status, complete], [401, true]);
  assert.match(headers['www-authenticate'] ?? '', /error="invalid_token".*resource_metadata="[^"]*\/mcp\/one"/);
  assert.equal(JSON.parse(text).error, 'invalid_token');
}

describe('a stream of the gateway', () => {
  const gate = useGate({ env: { ADMIN_GITHUB_USERS: 'monalisa' } });

  const ends = [
    {
      name: 'the person disconnects the app at /account',
      async end(login: string) {
        const { browser, page } = await signIn(gate.bridge, login);
        assert.equal((await browser.submit(page.form('/account/disconnect-all'))).status, 303);
      },
    },
    {
      name: 'an administrator ends it',
      async end(login: string) {
        const { browser } = await signIn(gate.bridge, 'monalisa');
        const page = await browser.get(`${gate.bridge.url}/account/sessions?query=${login}`);
        assert.equal((await browser.submit(page.form('/account/sessions/revoke'))).status, 303);
      },
    },
    {
      name: 'the client revokes its token',
      async end(_login: string, { client, tokens }: Awaited<ReturnType<Gate['connect']>>) {
        const token = tokens.refresh_token;
        assert.equal((await postForm(`${gate.bridge.url}/revoke`, { token, client_id: client.client_id })).status, 200);
      },
    },
    {
      name: 'a refresh token is used again',
      async end(_login: string, { client, tokens }: Awaited<ReturnType<Gate['connect']>>) {
        const again = () => tokenRequest(gate.bridge.url, refreshing(client, tokens.refresh_token));
        tokensOf(await again());
        gate.bridge.advance(61);
        assert.equal((await again()).status, 400);
      },
    },
  ];
  for (const { name, end } of ends)
    it(`#46 ends at once when ${name}, and calls under way are answered 401`, async () => {
      const login = newPerson(gate.bridge);
      const connected = await gate.connect({ login });
      const staying = await openAnswers(gate, gate.tokens);
      const { streams, call } = await openAnswers(gate, connected.tokens);
      await end(login, connected);
      for (const { text, complete } of await assertEnd(streams)) assert.deepEqual([text, complete], ['', true]);
      assertSessionOver(await call);
      assert.equal((await gate.send({ tokens: connected.tokens })).status, 401);
      // Those of another person stay open.
      assert.deepEqual(
        staying.streams.map(({ closed }) => closed),
        [false, false],
      );
      for (const stream of staying.streams) stream.destroy();
      for (const socket of gate.server.sockets) socket.destroy();
      assert.equal((await staying.call).status, 502);
      await gate.settled();
    });

  it('#46 ends when a call finds that GitHub ended the session, and that call is answered 401 in full', async () => {
    const login = newPerson(gate.bridge);
    const { tokens } = await gate.connect({ login });
    const { streams, call } = await openAnswers(gate, tokens);
    await gate.bridge.github.revokeAuthorization(login, 'Ov23liTestApp');
    gate.server.answer = (socket) => void socket.write(bytesOf('401 Unauthorized', { 'Content-Length': 0 }));
    // Many calls find it at the same time.
    const finding = await Promise.all([1, 2, 3, 4, 5].map(() => gate.send({ tokens })));
    for (const answer of finding) assertSessionOver(answer);
    await assertEnd(streams);
    assertSessionOver(await call);
    await gate.settled();
  });

  it('#46 ends although its client reads nothing', async () => {
    const { tokens } = await gate.connect({ login: newPerson(gate.bridge) });
    const piece = 'x'.repeat(64 * 1024);
    gate.server.answer = (socket) => {
      socket.write(STREAM_HEAD);
      const pour = () => {
        while (!socket.destroyed) if (!socket.write(chunk(piece))) return void socket.once('drain', pour);
      };
      pour();
    };
    await gate.freshConnections();
    const answer = await gate.open({ method: 'GET', tokens });
    const [socket] = gate.server.sockets;
    assert.ok(socket);
    let poured = -1;
    const stands = () => {
      const stood = poured === socket.bytesWritten;
      poured = socket.bytesWritten;
      return stood;
    };
    await until(stands, { what: 'the flood to stand', interval: 300 });
    await gate.bridge.store.sessions.end(sidOf(tokens));
    await gate.bridge.bridge.maintain();
    await closed(socket);
    const { complete } = await readAnswer(answer);
    assert.equal(complete, false);
    await gate.settled();
  });

  it('#46 of which one person has 200 leaves room for others, and more get 503', async () => {
    const { tokens } = await gate.connect({ login: newPerson(gate.bridge) });
    gate.server.answer = (socket) => void socket.write(STREAM_HEAD);
    const streams = await Promise.all(Array.from({ length: 220 }, () => gate.open({ method: 'GET', tokens })));
    const refused = streams.filter(({ statusCode }) => statusCode === 503);
    assert.equal(refused.length, 20);
    for (const { headers } of refused) assert.ok(Number(headers['retry-after']) > 0);
    gate.server.answer = answersJson;
    assert.equal((await gate.send()).status, 200);
    for (const stream of streams) stream.destroy();
    await until(async () => (await gate.send({ tokens })).status === 200, { what: 'room again' });
    await gate.settled();
  });
});

describe('a client that never ends its bodies', () => {
  const gate = useGate();

  it('#46 fills its own share, is told 503, and leaves room for others', async () => {
    const { tokens } = await gate.connect({ login: newPerson(gate.bridge) });
    const statuses: (number | undefined)[] = [];
    const requests = Array.from({ length: 12 }, () => {
      const headers = { authorization: `Bearer ${tokens.access_token}`, 'content-length': 4_000_000 };
      const request = httpRequest(`${gate.bridge.url}/mcp/one`, { method: 'POST', agent: false, headers });
      request
        .on('error', () => {})
        .on('response', (answer) => {
          statuses.push(answer.headers['retry-after'] === undefined ? undefined : answer.statusCode);
          answer.resume();
        });
      request.write(Buffer.alloc(3_999_999, ' '));
      return request;
    });
    await until(() => statuses.length >= 3, { what: 'the refusals' });
    assert.deepEqual(new Set(statuses), new Set([503]));
    assert.equal((await gate.send({ body: CALL.padEnd(3_000_000) })).status, 200);
    for (const request of requests) request.destroy();
    await until(async () => (await gate.send({ tokens })).status === 200, { what: 'room again' });
    await gate.settled();
  });
});

describe('a client that does not read', () => {
  const UNREAD = 400;
  const gate = useGate({ unreadTimeout: UNREAD }, {}, ({ url }) => [
    { name: 'filtered', url: `${url}/mcp`, denyTools: ['x'] },
  ]);
  const pouring =
    (head: string, piece: Buffer | string): Gate['server']['answer'] =>
    (socket) => {
      socket.write(head);
      const pour = () => {
        while (!socket.destroyed) if (!socket.write(piece)) return void socket.once('drain', pour);
      };
      pour();
    };

  it('#46 is cut off in time, and so is the server, which was paused', async () => {
    const length = bytesOf('200 OK', { 'Content-Type': 'application/json', 'Content-Length': 10 ** 12 });
    for (const [head, piece] of [
      [length, Buffer.alloc(65536)],
      [STREAM_HEAD, chunk(`data: ${'x'.repeat(65536)}\n\n`)],
    ] as const) {
      gate.server.answer = pouring(head, piece);
      await gate.freshConnections();
      const flows = gate.bridge.eventsOf('gateway.flow.ended').length;
      const begun = performance.now();
      const answer = await gate.open();
      const [socket] = gate.server.sockets;
      assert.ok(socket);
      await closed(socket);
      assert.ok(performance.now() - begun >= UNREAD);
      assert.equal((await gate.flowEnded(flows)).complete, false);
      assert.equal((await readAnswer(answer)).complete, false);
      assert.ok(socket.bytesWritten < 64 * 1024 * 1024, `${socket.bytesWritten} bytes were taken`);
    }
    await gate.settled();
  });

  it('#46 is cut off also when the server has sent everything: an answer, and a list that was filtered', async () => {
    const tools = [
      { name: 'x' },
      ...Array.from({ length: 70 }, (_, index) => ({ name: `t${index}`, description: 'x'.repeat(100_000) })),
    ];
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } });
    const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
    const resource = `${gate.bridge.url}/mcp/filtered`;
    const { tokens } = await connect(gate.bridge.url, { login: newPerson(gate.bridge), parameters: { resource } });
    gate.server.answer = (socket) =>
      void socket.write(bytesOf('200 OK', { 'Content-Type': 'application/json', 'Content-Length': body.length }, body));
    const flows = gate.bridge.eventsOf('gateway.flow.ended').length;
    // The connections hold some megabytes: one list alone may fit into them.
    const unread = await Promise.all([1, 2, 3].map(() => gate.open({ path: '/mcp/filtered', tokens, body: list })));
    await until(() => gate.bridge.eventsOf('gateway.flow.ended').length >= flows + 3, { what: 'the end of the flows' });
    const { text, complete } = await gate.send({ path: '/mcp/filtered', tokens, body: list });
    assert.equal(complete, true);
    assert.equal(JSON.parse(text).result.tools.length, 70);
    for (const answer of unread) answer.destroy();
    await gate.settled();
  });
});

describe('events that have not ended, of a server whose tools are filtered', () => {
  const gate = useGate({}, {}, ({ url }) => [{ name: 'filtered', url: `${url}/mcp`, denyTools: ['x'] }]);
  const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

  it('#46 count as what the person holds: what is too much is cut off, or answered 503, and others are served', async () => {
    const resource = `${gate.bridge.url}/mcp/filtered`;
    const personal = async () => {
      const { tokens } = await connect(gate.bridge.url, { login: newPerson(gate.bridge), parameters: { resource } });
      return { path: '/mcp/filtered', tokens };
    };
    const [greedy, other] = [await personal(), await personal()];
    const begun = chunk(`data: ${'x'.repeat(7 * 1024 * 1024)}`);
    gate.server.answer = (socket) => void socket.write(`${STREAM_HEAD}${begun}`);
    const flows = gate.bridge.eventsOf('gateway.flow.ended').length;
    const streams = await Promise.all([1, 2, 3, 4, 5, 6].map(() => gate.open(greedy)));
    for (const stream of streams) stream.on('error', () => {});
    assert.equal((await gate.flowEnded(flows)).complete, false);
    const tools = [{ name: 'x' }, { name: 'y', description: 'x'.repeat(7 * 1024 * 1024) }];
    const list = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } });
    gate.server.answer = (socket) =>
      void socket.write(bytesOf('200 OK', { 'Content-Type': 'application/json', 'Content-Length': list.length }, list));
    await until(async () => (await gate.send({ ...greedy, body: LIST })).status === 503, { what: 'the refusal' });
    assert.equal((await gate.send({ ...other, body: LIST })).status, 200);
    for (const stream of streams) stream.destroy();
    await until(async () => (await gate.send({ ...greedy, body: LIST })).status === 200, { what: 'room again' });
    await gate.settled();
  });
});

describe('many streams', () => {
  /** Bytes for one more stream, twice what was measured; the client and the server are in this process, too. */
  const PER_STREAM = 90 * 1024;
  const STREAMS = 500;
  const BODY = 64 * 1024;

  function collected(): number {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    for (let round = 0; round < 3; round++) collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }

  it('#46 of several people cost little memory, hold no bodies, and end with the bridge', async (t) => {
    const gate = await startGate();
    t.after(() => gate.stop());
    const people = await Promise.all([1, 2, 3, 4, 5].map(() => gate.connect({ login: newPerson(gate.bridge) })));
    gate.server.answer = (socket) => void socket.write(`${STREAM_HEAD}${chunk(EVENT)}`);
    const body = CALL.padEnd(BODY);
    const open = async (count: number) => {
      const streams: IncomingMessage[] = [];
      while (streams.length < count) {
        const opened = await Promise.all(people.map(({ tokens }) => gate.open({ tokens, body })));
        for (const event of await Promise.all(opened.map(nextPart))) assert.equal(event, EVENT);
        streams.push(...opened);
      }
      gate.server.requests.length = 0;
      return streams;
    };
    const first = await open(50);
    const before = collected();
    const streams = [...first, ...(await open(STREAMS - first.length))];
    const each = (collected() - before) / (STREAMS - first.length);
    t.diagnostic(`${Math.round(each / 1024)} KiB for each stream`);
    assert.ok(each < PER_STREAM, `${each} bytes for each stream`);
    // This leaves a connection that is kept.
    gate.server.answer = answersJson;
    assert.equal((await gate.send()).status, 200);
    const ended = assertEnd(streams);
    const closing = gate.bridge.bridge.close();
    // It is closed once, here.
    t.mock.method(gate.bridge.bridge, 'close', () => closing);
    await Promise.all([closing, ended]);
    await until(() => gate.server.sockets.size === 0, {
      what: 'the end of the connections to the server, sooner than idle ones end',
      timeout: 2000,
    });
  });
});

describe('a stream of a person who may use the bridge no longer', () => {
  it('#46 ends when a token would have to be refreshed, and no other does', async (t) => {
    const gate = await startGate({ env: { ALLOWED_GITHUB_USERS: 'octocat', ALLOWED_GITHUB_ORGS: 'stream-org' } });
    t.after(() => gate.stop());
    const { bridge } = gate;
    const [leaving, staying] = [newPerson(bridge), newPerson(bridge)];
    for (const login of [leaving, staying])
      bridge.github.addToOrganization(login, { login: 'stream-org', id: 9_919_100 });
    gate.server.answer = (socket) => void socket.write(`${STREAM_HEAD}${chunk(EVENT)}`);
    const openFor = async (login: string) => {
      const stream = await gate.open({ method: 'GET', tokens: (await gate.connect({ login })).tokens });
      assert.equal(await nextPart(stream), EVENT);
      return stream;
    };
    const [over, open] = [await openFor(leaving), await openFor(staying)];
    bridge.github.removeFromOrganization(leaving, 'stream-org');
    bridge.advance(bridge.config.accessTokenTtl);
    await bridge.bridge.maintain();
    for (const { text, complete } of await assertEnd([over])) assert.deepEqual([text, complete], ['', true]);
    assert.deepEqual(
      bridge.eventsOf('grant.ended').map(({ reason, by }) => [reason, by]),
      [['not_allowed', 'operator']],
    );
    assert.equal(open.closed, false);
    open.destroy();
  });
});

describe('a session that ended at another replica', () => {
  it('#46 takes its streams along in the next round of maintenance, and no others', async (t) => {
    const server = await recordingServer(t);
    server.answer = (_received, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(EVENT);
    };
    const { url, replicas } = await startReplicas(t, 2, [{ name: 'one', url: `${server.url}/mcp` }]);
    const [here, there] = replicas;
    assert.ok(here && there);
    const parameters = { resource: `${url}/mcp/one` };
    const [ending, staying] = [await connect(url, { parameters }), await connect(url, { parameters })];
    const openAt = (base: string, { access_token }: Tokens) =>
      fetch(`${base}/mcp/one`, { headers: { authorization: `Bearer ${access_token}`, host: new URL(url).host } });
    const [over, open] = [await openAt(here.url, ending.tokens), await openAt(here.url, staying.tokens)];
    assert.deepEqual([over.status, open.status], [200, 200]);
    const token = ending.tokens.refresh_token;
    const revoked = await postForm(`${there.url}/revoke`, { token, client_id: ending.client.client_id });
    assert.equal(revoked.status, 200);
    await here.bridge.maintain();
    assert.equal(await over.text(), EVENT);
    const reader = open.body?.getReader();
    assert.equal(new TextDecoder().decode((await reader?.read())?.value), EVENT);
    assert.equal(await Promise.race([reader?.read(), here.bridge.maintain()]), undefined, 'the other stays open');
    await reader?.cancel();
  });
});
