/** Starts a bridge (store, wiring, listening sockets) and stops it. Used by `main.ts` and by the demo. */
import { createServer, type Server } from 'node:http';
import type { Logger } from 'pino';
import { createApp } from './app.ts';
import { defined } from './base/defined.ts';
import type { Config } from './config/config.ts';
import { withGeneratedSecret } from './config/generated-secret.ts';
import { EventBus } from './observe/events.ts';
import { logEvents } from './observe/logger.ts';
import { createMetrics } from './observe/metrics.ts';
import { openStore } from './open-store.ts';
import { connectRedis, type RedisClient } from './store/redis/client.ts';
import { parseRedisUrl } from './store/redis/url.ts';
import { wire } from './wiring.ts';

/**
 * Timeouts are in milliseconds, `maxHeaderSize` in bytes. The header limit is twice Node's default: a page that opens
 * many logins makes the browser collect consent cookies, and requests that carry them all must not be refused.
 */
const SERVER_OPTIONS = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 32 * 1024,
};
/** Milliseconds that running requests have to finish when the server stops. */
const SHUTDOWN_GRACE = 5_000;
/** Paths that monitoring requests every few seconds: successful requests are logged at level debug only. */
const PROBE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);
/** Milliseconds that Redis has to count a request for a rate limit; after that it is counted in memory. */
const COUNTER_TIMEOUTS = { connect: 1000, command: 1000 };

export interface RunningBridge {
  readonly storeKind: 'sqlite' | 'redis';
  /** Stops listening, waits until running requests have finished, closes the store. */
  stop(): Promise<void>;
}

/**
 * Starts a bridge.
 * @param options.simulated whether GitHub is the simulated one of the demo
 * @throws {StoreInUse | ForeignStore | Error} with a message for the operator
 */
export async function startBridge(
  config: Config,
  logger: Logger,
  options: { simulated?: boolean } = {},
): Promise<RunningBridge> {
  const complete = withGeneratedSecret(config);
  const events = new EventBus();
  logEvents(events, logger);
  const onError = (error: Error) => events.emit('store.error', { error });
  const store = openStore(complete, { onError });
  const counters = connectCounters(complete, onError);
  try {
    const bridge = await wire(complete, { store, events, ...defined({ redis: counters }) });
    const app = createApp(bridge, {
      metrics: createMetrics(events),
      onRequest: (request) =>
        logger[PROBE_PATHS.has(request.path) && request.status < 400 ? 'debug' : 'info']({
          event: 'request',
          ...request,
          milliseconds: Math.round(request.milliseconds),
        }),
      ...defined({ simulated: options.simulated }),
    });
    const handler = app.callback();
    const servers = await listenAll(config.hosts, config.port, handler);
    bridge.startMaintenance();
    return {
      storeKind: store.kind,
      async stop() {
        const closed = Promise.all(servers.map(close));
        await bridge.close();
        await closed;
        counters?.disconnect();
        await store.close();
      },
    };
  } catch (error) {
    counters?.disconnect();
    await store.close();
    throw error;
  }
}

/** A separate Redis connection for rate limits, so that slow counting does not delay the store. */
function connectCounters(config: Config, onError: (error: Error) => void): RedisClient | undefined {
  if (config.redisUrl === undefined) return undefined;
  const client = connectRedis(parseRedisUrl(config.redisUrl), COUNTER_TIMEOUTS);
  client.on('error', onError);
  return client;
}

type Handler = Parameters<typeof createServer>[1] & {};

/**
 * Listens on every address. An address that this machine does not have (often IPv6) is skipped.
 * @throws {Error} when no address could be used, or the port is taken
 */
async function listenAll(hosts: readonly string[], port: number, handler: Handler): Promise<Server[]> {
  const servers: Server[] = [];
  const failures: unknown[] = [];
  for (const host of hosts) {
    const server = createServer(SERVER_OPTIONS, handler);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      servers.push(server);
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
  return servers;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), SHUTDOWN_GRACE);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
