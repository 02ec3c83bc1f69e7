/** Starts a bridge: store, wiring, listeners; and stops it again. Used by `main.ts` and by the demo. */
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
import { checkRedisSettings } from './store/redis/server-settings.ts';
import { parseRedisUrl } from './store/redis/url.ts';
import { wire } from './wiring.ts';

/**
 * Milliseconds; and bytes of a request's head: twice Node's, so that as many consent cookies as a browser keeps, set by
 * a page that opens one login after the other, lock nobody out.
 */
const SERVER_OPTIONS = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 32 * 1024,
};
/** Milliseconds that requests under way have when the server stops. */
const GRACE = 5_000;
/** What machines ask every few seconds: worth a line only when it fails. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);
/** Milliseconds that Redis has to count a failure, before it is counted in memory. */
const COUNTER_PATIENCE = { connect: 1000, command: 1000 };

export interface RunningBridge {
  readonly storeKind: 'sqlite' | 'redis';
  /** Stops listening, lets requests finish, closes the store. */
  stop(): Promise<void>;
}

/**
 * @throws {StoreInUse | ForeignStore | RedisEvicts | Error} with a message for the operator
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
  if (complete.redisUrl !== undefined)
    for (const warning of await checkRedisSettings(complete.redisUrl))
      logger.warn({ event: 'store.warning', message: warning });
  const store = openStore(complete, { onError });
  const counters = connectCounters(complete, onError);
  try {
    const bridge = await wire(complete, { store, events, ...defined({ redis: counters }) });
    const app = createApp(bridge, {
      metrics: createMetrics(events),
      onRequest: (request) =>
        logger[PROBES.has(request.path) && request.status < 400 ? 'debug' : 'info']({
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

/** A connection of their own for rate limits, so that counting never holds up what counts. */
function connectCounters(config: Config, onError: (error: Error) => void): RedisClient | undefined {
  if (config.redisUrl === undefined) return undefined;
  const client = connectRedis(parseRedisUrl(config.redisUrl), COUNTER_PATIENCE);
  client.on('error', onError);
  return client;
}

type Handler = Parameters<typeof createServer>[1] & {};

/** Listens on every address; one that this machine lacks (IPv6, mostly) is left out, if another is there. */
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
    const timer = setTimeout(() => server.closeAllConnections(), GRACE);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
