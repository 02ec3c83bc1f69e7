// An MCP server that speaks in raw bytes, and a bridge in front of it with a client whose reading a test controls: for what no
// HTTP library would send, and for hang-ups at any moment.
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before } from 'node:test';
import type { Events } from '../../src/observe/events.ts';
import type { TestBridge, TestBridgeOptions } from '../support/bridge.ts';
import { startTestBridge } from '../support/bridge.ts';
import { connect, type LoginOptions, type TestClient, type Tokens } from '../support/oauth.ts';
import { until } from '../support/until.ts';
import { type Entries, upstreamsFile } from './fixtures.ts';

/** A request that came whole. */
export interface RawRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a server does with a connection on which a request came. */
export type RawAnswering = (socket: Socket, request: RawRequest) => void;

export interface RawServer {
  readonly url: string;
  readonly requests: RawRequest[];
  /** Open connections. */
  readonly sockets: ReadonlySet<Socket>;
  /** Connections that were ever open. */
  connections: number;
  answer: RawAnswering;
  /** Called for a connection before anything came. */
  onConnection: (socket: Socket) => void;
  close(): Promise<void>;
}

export const RESULT = '{"jsonrpc":"2.0","id":1,"result":{}}';

/** The bytes of an answer. */
export function bytesOf(status: string, headers: Readonly<Record<string, string | number>>, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`;
}

/** A JSON answer with its length. */
export const jsonBytes = (body = RESULT) =>
  bytesOf('200 OK', { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }, body);

export const STREAM_HEAD = bytesOf('200 OK', { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
export const JSON_HEAD = bytesOf('200 OK', { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' });
/** One chunk of a chunked body; the empty one is the end. */
export const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

export const answersJson: RawAnswering = (socket) => void socket.write(jsonBytes());

/** Starts a server; the caller closes it. */
export async function startRawServer(): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    raw.connections++;
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    raw.onConnection(socket);
    let received = '';
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
      for (let whole = requestIn(received); whole !== undefined; whole = requestIn(received)) {
        received = received.slice(whole.length);
        raw.requests.push(whole.request);
        raw.answer(socket, whole.request);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const raw: RawServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    sockets,
    connections: 0,
    answer: answersJson,
    onConnection() {},
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return raw;
}

function requestIn(text: string): { request: RawRequest; length: number } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const length = end + 4 + Number(headers['content-length'] ?? 0);
  if (text.length < length) return undefined;
  return { request: { method: first.split(' ', 1)[0] ?? '', headers, body: text.slice(end + 4, length) }, length };
}

/** An answer that was read to its end, or to where it was cut off. */
export interface ReadAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly complete: boolean;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly path?: string;
  readonly tokens?: Tokens;
}

export interface Gate {
  readonly server: RawServer;
  readonly bridge: TestBridge;
  /** The first login at `/mcp/one`. */
  readonly client: TestClient;
  readonly tokens: Tokens;
  /** Another login at `/mcp/one`. */
  connect(options?: LoginOptions): Promise<{ client: TestClient; tokens: Tokens }>;
  /** Sends a request on a connection of its own. @returns its answer, of which nothing is read yet */
  open(options?: SendOptions): Promise<IncomingMessage>;
  /** Sends a request and reads the answer. */
  send(options?: SendOptions): Promise<ReadAnswer>;
  /** What is told of the end of a flow. @param index among all flows that ended */
  flowEnded(index: number): Promise<Events['gateway.flow.ended']>;
  /** Closes the connections that are kept to the server, so that the next request makes one. */
  freshConnections(): Promise<void>;
  /** Waits until nothing is open any more: no answer, no request at the server; then the next request must work. */
  settled(): Promise<void>;
}

export const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":{}}}';

/** Starts a server and a bridge in front of it at `/mcp/one`, with a login. */
export async function startGate(
  options: Partial<TestBridgeOptions> = {},
  entry: Readonly<Record<string, unknown>> = {},
  others: (server: RawServer) => Entries = () => [],
): Promise<Gate & { stop(): Promise<void> }> {
  const server = await startRawServer();
  const entries = [{ name: 'one', url: `${server.url}/mcp`, title: 'One', ...entry }, ...others(server)];
  const removals: (() => void)[] = [];
  const path = upstreamsFile(entries, (remove) => void removals.push(remove));
  let reads = 0;
  const bridge = await startTestBridge({
    store: 'sqlite',
    ...options,
    env: { ...options.env, UPSTREAMS_FILE: path },
    wrapStore: (store) => {
      const { read } = store.sessions;
      store.sessions.read = (ref) => {
        reads++;
        return read.call(store.sessions, ref);
      };
      return options.wrapStore?.(store) ?? store;
    },
  });
  const resource = `${bridge.url}/mcp/one`;
  const login = (how: LoginOptions = {}) =>
    connect(bridge.url, { ...how, parameters: { resource, ...how.parameters } });
  const first = await login();

  const gate: Gate = {
    server,
    bridge,
    ...first,
    connect: login,
    open: ({
      method = 'POST',
      headers = {},
      body = method === 'POST' ? CALL : '',
      path: at = '/mcp/one',
      tokens,
    } = {}) =>
      new Promise((resolve, reject) => {
        const all = {
          authorization: `Bearer ${(tokens ?? first.tokens).access_token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...headers,
        };
        httpRequest(`${bridge.url}${at}`, { method, agent: false, headers: all }, (answer) =>
          resolve(answer.pause().on('error', () => {})),
        )
          .on('error', reject)
          .end(body);
      }),
    send: async (how) => readAnswer(await gate.open(how)),
    flowEnded: (index) => until(() => bridge.eventsOf('gateway.flow.ended')[index], { what: 'the end of a flow' }),
    async freshConnections() {
      for (const socket of server.sockets) socket.end();
      await until(() => server.sockets.size === 0, { what: 'the end of the kept connections' });
    },
    async settled() {
      const { began, ended } = { began: 'gateway.flow.began', ended: 'gateway.flow.ended' } as const;
      await until(() => bridge.eventsOf(began).length === bridge.eventsOf(ended).length, {
        what: 'the end of every answer that began',
        timeout: 5_000,
      });
      // Each session with an open answer is read once in a round.
      await until(
        async () => {
          const before = reads;
          await bridge.bridge.maintain();
          return reads === before;
        },
        { what: 'no open answers', timeout: 5_000 },
      );
      server.answer = answersJson;
      const { status, text } = await gate.send();
      assert.deepEqual([status, text], [200, RESULT], 'the next request works');
    },
  };
  return {
    ...gate,
    async stop() {
      await bridge.stop();
      await server.close();
      for (const remove of removals) remove();
    },
  };
}

/** The gate of a suite. */
export function useGate(...options: Parameters<typeof startGate>): Gate {
  let started: Awaited<ReturnType<typeof startGate>> | undefined;
  before(async () => {
    started = await startGate(...options);
  });
  after(() => started?.stop());
  return new Proxy(Object.create(null), {
    get: (_target, property) => Reflect.get(started ?? assert.fail('the gate has not been started'), property),
  });
}

/** Reads an answer to its end, or to where it is cut off. */
export async function readAnswer(answer: IncomingMessage): Promise<ReadAnswer> {
  let text = '';
  try {
    for await (const part of answer.setEncoding('utf8')) text += part;
  } catch {
    // cut off
  }
  return { status: answer.statusCode ?? 0, headers: answer.headers, text, complete: answer.complete };
}

/** The next part of an answer. */
export function nextPart(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    answer.once('data', (part) => resolve(String(answer.pause() && part)));
    answer.once('end', () => reject(new Error('the answer ended')));
    answer.resume();
  });
}

/** Resolves when a socket is closed. */
export async function closed(
  socket: { readonly closed: boolean },
  what = 'the connection at the server',
): Promise<void> {
  await until(() => socket.closed, { what: `the end of ${what}`, timeout: 5_000 });
}
