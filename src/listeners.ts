/** The HTTP listeners: one for each address, and how they end without cutting a request off. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';

/**
 * Times in milliseconds, and the bytes of a request's head: twice Node's, because a page that opens many logins fills a
 * browser with consent cookies, and the browser sends them all.
 */
const SERVER_OPTIONS = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 32 * 1024,
};
/** Milliseconds in which connections must end once nothing is under way. */
const CLOSE_TIMEOUT = 5_000;
/** `Retry-After` in seconds of a request that arrives when its parts are closing: another replica can answer it. */
const CLOSED_RETRY = '1';
/** Milliseconds between two looks at what is still running while draining. */
const RECHECK_INTERVAL = 100;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Listeners {
  /**
   * Refuses new connections, and waits for the requests under way. A connection that is open and idle gets one more
   * answer, so that a proxy that keeps connections loses no request. Streams that a client opened to listen are not
   * waited for: they have no end.
   * @param milliseconds how long to wait at most
   */
  drain(milliseconds: number): Promise<void>;
  /** Ends idle connections at once, and what is left in a few seconds; a request that still arrives is answered 503. */
  close(): Promise<void>;
}

/**
 * Listens on every address; one that this machine lacks (IPv6, mostly) is left out, if another is there.
 * @throws {Error} with a message for the operator when the port is taken
 */
export async function listen(hosts: readonly string[], port: number, handler: Handler): Promise<Listeners> {
  const servers: Server[] = [];
  /** Each resolves when the last connection of a server has ended. */
  const closed = new Map<Server, Promise<unknown>>();
  const underWay = new Set<ServerResponse>();
  let draining: { done: () => void } | undefined;
  let closing = false;

  function tracked(request: IncomingMessage, response: ServerResponse): void {
    if (draining !== undefined) response.shouldKeepAlive = false;
    if (closing) {
      response.writeHead(503, { 'Retry-After': CLOSED_RETRY, 'Cache-Control': 'no-store' }).end();
      return;
    }
    underWay.add(response);
    response.once('close', () => {
      underWay.delete(response);
      draining?.done();
    });
    handler(request, response);
  }

  /** Requests whose answer is awaited: all but the streams of `GET /sse`. */
  const awaited = () => [...underWay].filter((response) => !isStream(response));

  async function close(server: Server): Promise<void> {
    refuseConnections(server);
    server.closeIdleConnections();
    // The connection of a stream is idle when the stream has ended.
    const recheck = setInterval(() => server.closeIdleConnections(), RECHECK_INTERVAL);
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT);
    await closed.get(server);
    clearInterval(recheck);
    clearTimeout(timer);
    // Only this ends the server's own timer for connections that send too slowly.
    server.close();
  }

  const failures: unknown[] = [];
  for (const host of hosts) {
    const server = createServer(SERVER_OPTIONS, tracked);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      servers.push(server);
      closed.set(server, new Promise((resolve) => server.once('close', resolve)));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') {
        await Promise.all(servers.map(close));
        throw code === 'EADDRINUSE'
          ? new Error(`port ${port} is taken on ${host}: stop what listens there, or set PORT`)
          : error;
      }
      failures.push(error);
    }
  }
  if (servers.length === 0) throw failures[0];

  return {
    async drain(milliseconds) {
      for (const server of servers) refuseConnections(server);
      for (const response of underWay) response.shouldKeepAlive = false;
      await new Promise<void>((resolve) => {
        let recheck: NodeJS.Timeout | undefined;
        const timer = setTimeout(() => {
          clearInterval(recheck);
          resolve();
        }, milliseconds);
        const done = () => {
          if (awaited().length > 0) return;
          clearTimeout(timer);
          clearInterval(recheck);
          resolve();
        };
        draining = { done };
        // A request that began while draining may turn into a stream, which no event tells.
        recheck = setInterval(done, RECHECK_INTERVAL);
        done();
      });
    },
    async close() {
      closing = true;
      await Promise.all(servers.map(close));
    },
  };
}

/** Not the `close` of an HTTP server, which also ends connections that are idle, perhaps as a request arrives on one. */
function refuseConnections(server: Server): void {
  if (server.listening) NetServer.prototype.close.call(server);
}

/** Whether a client listens: to a stream, or for one that a server behind the bridge does not begin before its first event. */
function isStream(response: ServerResponse): boolean {
  const { req, headersSent } = response;
  const type = headersSent ? response.getHeader('content-type') : req.headers.accept;
  return req.method === 'GET' && /\btext\/event-stream\b/.test(String(type));
}
