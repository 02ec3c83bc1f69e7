/** The HTTP listeners: one for each address. */
import { createServer, type Server, type ServerOptions } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { errorCode } from './base/error-cause.ts';
import { SettingError } from './base/setting-error.ts';
import type { Handler, RequestsUnderWay } from './requests-under-way.ts';

/**
 * Times in milliseconds, and the bytes of a request's head: twice Node's, because a page that opens many logins fills a
 * browser with consent cookies, and the browser sends them all.
 */
export const SERVER_OPTIONS: ServerOptions = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 32 * 1024,
};
/** Milliseconds in which connections must end once nothing is under way. */
const CLOSE_TIMEOUT = 5_000;
/** Milliseconds between two looks for connections that became idle. */
const RECHECK_INTERVAL = 100;

/** Milliseconds for which a proxy may still send requests on the connections that it keeps. */
const LINGER = 1_000;

export interface Listeners {
  /** Refuses new connections. */
  refuse(): void;
  /** Ends idle connections at once, and what is left in a few seconds. */
  close(): Promise<void>;
}

/**
 * Listens on every address; one that this machine lacks (IPv6, mostly) is left out, if another is there.
 * @param setting the name of the port's setting, for the message when the port is taken
 * @throws {SettingError} when the port is taken
 */
export async function listen(
  hosts: readonly string[],
  port: number,
  handler: Handler,
  setting: 'PORT' | 'METRICS_PORT' = 'PORT',
): Promise<Listeners> {
  const servers: Server[] = [];
  /** Each resolves when the last connection of a server has ended. */
  const closed = new Map<Server, Promise<unknown>>();

  async function close(server: Server): Promise<void> {
    refuseConnections(server);
    server.closeIdleConnections();
    // The connection of a stream is idle when the stream has ended.
    const recheck = setInterval(() => server.closeIdleConnections(), RECHECK_INTERVAL);
    const timer = globalThis.setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT);
    await closed.get(server);
    clearInterval(recheck);
    clearTimeout(timer);
    // Only this ends the server's own timer for connections that send too slowly.
    server.close();
  }

  const failures: unknown[] = [];
  for (const host of hosts) {
    const server = createServer(SERVER_OPTIONS, handler);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      servers.push(server);
      closed.set(server, new Promise((resolve) => server.once('close', resolve)));
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') {
        await Promise.all(servers.map(close));
        throw code === 'EADDRINUSE'
          ? new SettingError(setting, `${port} is taken on ${host}`, 'Stop what listens there, or name another port.')
          : error;
      }
      failures.push(error);
    }
  }
  if (servers.length === 0) throw failures[0];

  return {
    refuse: () => servers.forEach(refuseConnections),
    async close() {
      await Promise.all(servers.map(close));
    },
  };
}

/**
 * Lets a proxy find out that a server stops, without losing a request: it listens as before for a while, in which `/readyz` says so,
 * and then answers once more on each connection that is open.
 * @param seconds how long it listens
 */
export async function leave(
  listeners: Pick<Listeners, 'refuse'>,
  requests: Pick<RequestsUnderWay, 'endConnections'>,
  seconds: number,
): Promise<void> {
  await setTimeout(seconds * 1000);
  // Right after the event loop has accepted what waited: a connection that still waits would be reset.
  await setImmediate();
  listeners.refuse();
  requests.endConnections();
  await setTimeout(LINGER);
}

/** Not the `close` of an HTTP server, which also ends connections that are idle, perhaps as a request arrives on one. */
function refuseConnections(server: Server): void {
  if (server.listening) NetServer.prototype.close.call(server);
}
