/** The requests under way: how the bridge stops without cutting one off, whoever listens for them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isGone } from './protocol/http.ts';

/** `Retry-After` in seconds of a request that arrives when its parts are closing: another replica can answer it. */
const CLOSED_RETRY = '1';
/** Milliseconds between two looks at what is still running while draining. */
const RECHECK_INTERVAL = 100;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface RequestsUnderWay {
  /** Counts a request, and gives it to the handler. */
  readonly handler: Handler;
  /** From now on each answer is the last one on its connection, so that no connection is idle when they are ended. */
  endConnections(): void;
  /**
   * Waits for the requests under way. A connection that is open and idle gets one more answer, so that a proxy that keeps
   * connections loses no request. Streams that a client opened to listen are not waited for: they have no end.
   * @param milliseconds how long to wait at most
   */
  drain(milliseconds: number): Promise<void>;
  /** From now on a request is answered 503. */
  refuse(): void;
}

/** Creates the count of one handler's requests. */
export function countRequests(handler: Handler): RequestsUnderWay {
  const underWay = new Set<ServerResponse>();
  let draining: { done: () => void } | undefined;
  let ending = false;
  let refusing = false;
  /** Requests whose answer is awaited. */
  const awaited = () => [...underWay].filter((response) => !isStream(response));

  function endConnections(): void {
    ending = true;
    for (const response of underWay) response.shouldKeepAlive = false;
  }

  return {
    handler(request, response) {
      if (ending) response.shouldKeepAlive = false;
      if (refusing) {
        response.writeHead(503, { 'Retry-After': CLOSED_RETRY, 'Cache-Control': 'no-store' }).end();
        return;
      }
      if (isGone(response)) return;
      underWay.add(response);
      // A stream that began before has told a proxy that it may use the connection again.
      response.once('finish', () => {
        if (ending) request.socket.end();
      });
      response.once('close', () => {
        underWay.delete(response);
        draining?.done();
      });
      handler(request, response);
    },
    endConnections,
    async drain(milliseconds) {
      endConnections();
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
    refuse() {
      endConnections();
      refusing = true;
    },
  };
}

/** Whether a client listens: to a stream, or for one that a server behind the bridge does not begin before its first event. */
function isStream(response: ServerResponse): boolean {
  const { req, headersSent } = response;
  const type = headersSent ? response.getHeader('content-type') : req.headers.accept;
  return req.method === 'GET' && /\btext\/event-stream\b/.test(String(type));
}
