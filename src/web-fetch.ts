/**
 * A Node handler as a web-standard `fetch`: each request goes through Node's own HTTP, over a connection in memory, so that it is
 * served exactly as one that came over the network.
 */
import { createServer, type IncomingMessage, request as send } from 'node:http';
import { type Duplex, duplexPair, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { SERVER_OPTIONS } from './listeners.ts';
import type { Handler } from './requests-under-way.ts';

/** Where a web-standard request comes from; what Hono's Node server has as `c.env`. */
export interface RequestOrigin {
  /** The request as Node has it, whose connection knows the address of the client. */
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string | undefined } } | undefined;
  /** The IP address of the client. Limits count by it; all requests without one count as one client. */
  readonly remoteAddress?: string | undefined;
}

/** Headers of one connection (RFC 9110 section 7.6.1), which are not part of a web-standard response. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);
const EMPTY_STATUS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Creates the function. It throws what `fetch` would throw when the connection ends before there is an answer. */
export function createFetch(handler: Handler): (request: Request, origin?: RequestOrigin) => Promise<Response> {
  const server = createServer(SERVER_OPTIONS, handler);
  return async (request, origin) => {
    const { pathname, search, host } = new URL(request.url);
    const [near, far] = connection();
    const remoteAddress = origin?.remoteAddress ?? origin?.incoming?.socket?.remoteAddress;
    server.emit('connection', Object.assign(far, { remoteAddress }));
    const headers = new Headers(request.headers);
    if (!headers.has('host')) headers.set('host', host);
    headers.set('connection', 'close');
    // How long a body is, is said anew: it may be another one than the client sent, or none.
    headers.delete('content-length');
    headers.delete('transfer-encoding');
    if (request.body !== null) headers.set('transfer-encoding', 'chunked');
    const outgoing = send({
      createConnection: () => near,
      method: request.method,
      path: `${pathname}${search}`,
      headers: Object.fromEntries(headers),
      signal: request.signal,
    });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).on('error', reject);
    });
    // The handler may answer without reading the body, and close the connection.
    if (request.body === null) outgoing.end();
    else pipeline(Readable.fromWeb(request.body as NodeReadableStream<Uint8Array>), outgoing).catch(() => {});
    return toResponse(await answer, request.method);
  };
}

/** A connection in memory: the end of the client, and that of the server. What destroys one end destroys the other. */
function connection(): [near: Duplex, far: Duplex] {
  const [near, far] = duplexPair();
  near.once('close', () => far.destroy());
  far.once('close', () => {
    if (!far.writableFinished) near.destroy();
  });
  return [near, far];
}

function toResponse(answer: IncomingMessage, method: string): Response {
  const { statusCode: status = 500, rawHeaders } = answer;
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) headers.append(name, value);
  }
  if (method === 'HEAD' || EMPTY_STATUS.has(status)) {
    answer.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, { status, headers });
}
