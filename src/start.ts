/** Starts a bridge (store, wiring, listeners) and stops it. Used by `main.ts` and by the demo. */
import type { Logger } from 'pino';
import { createApp } from './app.ts';
import { defined } from './base/defined.ts';
import type { Config } from './config/config.ts';
import { withGeneratedSecret } from './config/generated-secret.ts';
import { listen } from './listeners.ts';
import { EventBus } from './observe/events.ts';
import { logEvents } from './observe/logger.ts';
import { createMetrics } from './observe/metrics.ts';
import { openStore } from './open-store.ts';
import type { RedisClient } from './store/redis/client.ts';
import { wire } from './wiring.ts';

/** Milliseconds that running requests have to finish when the server stops: longer than a call of GitHub may take. */
const DRAIN = 30_000;
/** Paths that monitoring requests every few seconds: successful requests are logged at level debug only. */
const PROBE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);
/** Milliseconds that Redis has to count a request for a rate limit; after that it is counted in memory. */
const COUNTER_TIMEOUTS = { connect: 1000, command: 1000 };

export interface RunningBridge {
  readonly storeKind: 'sqlite' | 'redis';
  /**
   * Refuses new connections, waits until running requests have finished, ends streams, closes the store; once, however often
   * it is called.
   */
  stop(): Promise<void>;
}

/**
 * Starts a bridge.
 * @param options.simulated whether GitHub is the simulated one of the demo
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
  for (const warning of await storeWarnings(complete)) logger.warn({ event: 'store.warning', message: warning });
  const store = await openStore(complete, { onError });
  const counters = await connectCounters(complete, onError);
  let stopping = false;
  let stopped: Promise<void> | undefined;
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
      isStopping: () => stopping,
      ...defined({ simulated: options.simulated }),
    });
    const handler = app.callback();
    const listeners = await listen(config.hosts, config.port, (request, response) => void handler(request, response));
    bridge.startMaintenance();
    return {
      storeKind: store.kind,
      stop() {
        stopped ??= stop();
        return stopped;
      },
    };

    async function stop(): Promise<void> {
      stopping = true;
      await listeners.drain(DRAIN);
      // Together: the bridge ends the streams, which keep connections open, and then waits for its last work at GitHub; a
      // request that came meanwhile would find parts that are closed.
      await Promise.all([listeners.close(), bridge.close()]);
      counters?.disconnect();
      await store.close();
    }
  } catch (error) {
    counters?.disconnect();
    await store.close();
    throw error;
  }
}

/** What the operator should know about a store that another program serves. @throws {RedisEvicts | Error} when it is not fit */
async function storeWarnings({ redisUrl }: Config): Promise<string[]> {
  if (redisUrl === undefined) return [];
  const { checkRedisSettings } = await import('./store/redis/server-settings.ts');
  return checkRedisSettings(redisUrl);
}

/** A separate Redis connection for rate limits, so that slow counting does not delay the store. */
async function connectCounters(config: Config, onError: (error: Error) => void): Promise<RedisClient | undefined> {
  if (config.redisUrl === undefined) return undefined;
  const { connectRedis } = await import('./store/redis/client.ts');
  const { parseRedisUrl } = await import('./store/redis/url.ts');
  const client = connectRedis(parseRedisUrl(config.redisUrl), COUNTER_TIMEOUTS);
  client.on('error', onError);
  return client;
}
