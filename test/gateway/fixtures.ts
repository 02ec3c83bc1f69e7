// MCP servers behind a bridge, for the tests of the gateway: real HTTP servers that answer what a test says, and record what
// they got.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { bridgeFor, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts';
import { type Listening, listen } from '../support/listen.ts';

/** A request that a server got. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** What a server does with a request whose body was read. */
export type Answering = (received: Received, response: ServerResponse) => void | Promise<void>;

export interface RecordingServer extends Listening {
  /** Every request, in order. */
  readonly received: readonly Received[];
  last(): Received;
  /** What it does from now on; first it answers a JSON-RPC result. */
  answer: Answering;
}

/** The JSON-RPC result that a server answers unless a test says otherwise. */
export const RESULT = '{"jsonrpc":"2.0","id":1,"result":{}}';

export const json =
  (body: string, status = 200, headers: Record<string, string> = {}): Answering =>
  (_received, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body);
  };

/** Starts a server; the caller closes it. */
export async function startRecordingServer(): Promise<RecordingServer> {
  const received: Received[] = [];
  const listening = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = request;
      const one = { method, url, headers, rawHeaders, body: Buffer.concat(chunks) };
      received.push(one);
      void server.answer(one, response);
    });
    request.on('error', () => {});
    response.on('error', () => {});
  });
  const server: RecordingServer = {
    ...listening,
    received,
    last() {
      const last = received.at(-1);
      if (last === undefined) throw new Error('the server got nothing');
      return last;
    },
    answer: json(RESULT),
  };
  return server;
}

/** A server for one test. */
export async function recordingServer(t: TestContext): Promise<RecordingServer> {
  const server = await startRecordingServer();
  t.after(() => server.close());
  return server;
}

/** A server for a suite, started at once. */
export async function suiteServer(): Promise<RecordingServer> {
  const server = await startRecordingServer();
  after(() => server.close());
  return server;
}

/** Entries of `UPSTREAMS_FILE`, in its own terms. */
export type Entries = readonly Readonly<Record<string, unknown>>[];

/** Writes an `UPSTREAMS_FILE`; it is removed after the test or the suite. @returns its path */
export function upstreamsFile(entries: Entries, cleanUp: (remove: () => void) => void = after): string {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-upstreams-'));
  cleanUp(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'upstreams.json');
  writeFileSync(path, JSON.stringify(entries));
  return path;
}

/** A bridge in front of MCP servers, for one test. */
export async function gatewayFor(
  t: TestContext,
  entries: Entries,
  options: Partial<TestBridgeOptions> = {},
): Promise<TestBridge> {
  const path = upstreamsFile(entries, (remove) => t.after(remove));
  return bridgeFor(t, { store: 'sqlite', ...options, env: { ...options.env, UPSTREAMS_FILE: path } });
}
