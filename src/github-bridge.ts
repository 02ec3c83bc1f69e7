/** `githubBridge()`: a whole bridge (store, parts, routes), to listen by itself or inside another server, and how it ends. */
import { createApp } from './app.ts';
import { banner, startedLine } from './banner.ts';
import { defined } from './base/defined.ts';
import { SettingError } from './base/setting-error.ts';
import { type Config, ConfigurationError } from './config/config.ts';
import type { Complaint, Environment } from './config/environment.ts';
import { withGeneratedSecret } from './config/generated-secret.ts';
import { type BridgeSettings, readOptions, wordsFor } from './config/options.ts';
import { githubScopes } from './github/scopes.ts';
import { createEventHook } from './hooks/event-hook.ts';
import { type Listeners, leave, listen } from './listeners.ts';
import type { Authenticate } from './mcp/authentication.ts';
import type { McpExtensions } from './mcp/server.ts';
import { tools as builtIn } from './mcp/tools/index.ts';
import { metricsHandler } from './metrics-handler.ts';
import { type Mounts, mount } from './mounts.ts';
import { isKnownScope } from './oauth/scope.ts';
import { EventBus, forProgram } from './observe/events.ts';
import { describe, logEvents } from './observe/logger.ts';
import { createMetrics } from './observe/metrics.ts';
import { PROBE_PATHS } from './observe/requests.ts';
import { createStoreOutage } from './observe/store-outage.ts';
import { observedStore } from './observed-store.ts';
import { openLog } from './open-log.ts';
import { openStore, storeRemedy } from './open-store.ts';
import { openTelemetry } from './open-telemetry.ts';
import { countRequests } from './requests-under-way.ts';
import type { RedisClient } from './store/redis/client.ts';
import { type Store, StoreUnavailable } from './store/store.ts';
import { wire } from './wiring.ts';

/** Milliseconds that running requests have to finish when the bridge closes: longer than a call of GitHub may take. */
const DRAIN = 30_000;
/** Milliseconds that Redis has to count a request for a rate limit; after that it is counted in memory. */
const COUNTER_TIMEOUTS = { connect: 1000, command: 1000 };

/** The options of {@link githubBridge}: the settings, and the tools or the MCP server to serve. */
export interface GithubBridgeOptions extends BridgeSettings, McpExtensions {
  /** The variables of README.md are read from here for settings that are not given; `process.env`, mostly. Default: none. */
  readonly env?: Environment;
  /** Whether GitHub is a simulated one, and the front page says so. Default: false. */
  readonly simulated?: boolean;
}

/** A running bridge. */
export interface GithubBridge extends Mounts {
  /**
   * Listens by itself, on the port and the addresses of the settings; for Prometheus on those of `metricsPort`, if it is given.
   * @param port instead of that of the settings
   * @throws {ConfigurationError} when a port is taken
   * @throws {Error} when `publicUrl` would not be that of the port, and when it listens already
   */
  listen(port?: number): Promise<void>;
  /**
   * Answers for `stopDelay` more, while `/readyz` says that it stops. Then waits until running requests have finished (30 seconds at most), ends streams, stops listening, closes the store; once,
   * however often it is called. A server that the bridge is mounted in stops listening by itself, before or meanwhile.
   */
  close(): Promise<void>;
  /** Checks the access token of a request to a route that is not the bridge's. */
  readonly authenticate: Authenticate;
  /** What happens: logins, sessions that end, refusals, calls of GitHub; the same as in the log. */
  readonly events: Pick<EventBus, 'on' | 'onAny'>;
  /** The text that Prometheus reads and its media type, for a program that serves it by itself. */
  metrics(): Promise<{ text: string; contentType: string }>;
  /** What is stored: SQLite or Redis. */
  readonly store: Store;
  /** The addresses of the bridge, as text; what the program prints at its start on a terminal. */
  readonly banner: string;
}

/**
 * Creates a bridge. It serves when it is mounted, or when `listen` is called.
 * @throws {ConfigurationError} with all that is wrong with the options, or with what they name: the store, a file, a port
 */
export async function githubBridge(options: GithubBridgeOptions = {}): Promise<GithubBridge> {
  const inTheirWords = wordsFor(options, options.env);
  const inWords = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      if (!(error instanceof SettingError)) throw error;
      const { setting: variable, problem, remedy } = error;
      throw new ConfigurationError([inTheirWords({ variable, problem, remedy })], { cause: error });
    });
  const bridge = await inWords(start(options));
  return { ...bridge, listen: (port) => inWords(bridge.listen(port)) };
}

async function start(options: GithubBridgeOptions): Promise<GithubBridge> {
  const { env, simulated = false, tools, server, ...settings } = options;
  const config = readOptions(settings, env, (config) => checkExtensions({ tools, server }, config));
  const complete = withGeneratedSecret(config);
  const logger = await openLog(complete);
  const events = new EventBus();
  const outage = createStoreOutage(logger, { ping: async () => store.ping(), remedy: storeRemedy(complete) });
  logEvents(events, logger, outage);
  const onError = (cause: Error) =>
    events.emit('store.error', { error: new StoreUnavailable('Redis does not answer', { cause }) });
  for (const warning of await storeWarnings(complete)) logger.warn({ event: 'store.warning', message: warning });
  const metrics = createMetrics(events);
  const telemetry = await openTelemetry(complete, { events, logger });
  const operations = telemetry?.storeOperations(metrics.storeOperations) ?? metrics.storeOperations;
  const store = observedStore(await openStore(complete, { onError }), operations);
  telemetry?.measure(() => metrics.read(store));
  const hook = complete.eventHook && createEventHook(events, complete.eventHook, { logger, metrics: metrics.hook });
  const render = () => metrics.render(store);
  const counters = await connectCounters(complete, onError);
  let listeners: Promise<Listeners> | undefined;
  let metricsListeners: Promise<Listeners> | undefined;
  let stopping = false;
  /** Probes that succeed, and what a lost store makes of requests, which has lines of its own. */
  const isNoise = ({ path, status }: { path: string; status: number }) =>
    (PROBE_PATHS.has(path) && status < 400) || (status === 503 && outage.isLost());
  let stopped: Promise<void> | undefined;
  try {
    const bridge = await wire(complete, { store, events, ...defined({ redis: counters, tools, server }) });
    const app = createApp(bridge, {
      metrics,
      onRequest: (request) =>
        logger[isNoise(request) ? 'debug' : 'info']({
          event: 'request',
          ...request,
          milliseconds: Math.round(request.milliseconds),
        }),
      isStopping: () => stopping,
      simulated,
      ...defined({ trace: telemetry?.requests }),
    });
    const requests = countRequests(app.handler);
    bridge.startMaintenance();

    async function stop(): Promise<void> {
      stopping = true;
      // A port that could not be opened has no listener to close.
      const open = await listeners?.catch(() => undefined);
      if (open !== undefined && complete.stopDelay > 0) await leave(open, requests, complete.stopDelay);
      open?.refuse();
      await requests.drain(DRAIN);
      requests.refuse();
      // Together: the bridge ends the streams, which keep connections open, and then waits for its last work at GitHub; a
      // request that came meanwhile would find parts that are closed.
      await Promise.all([open?.close(), bridge.close()]);
      await Promise.all([hook?.close(), telemetry?.close()]);
      // Last, so that what happens meanwhile can be read.
      await (await metricsListeners?.catch(() => undefined))?.close();
      outage.close();
      counters?.disconnect();
      await store.close();
    }

    return {
      ...mount(requests.handler, app.hasRoute, (error, path) =>
        events.emit('request.failed', { error, expected: false, reason: 'server_error', path }),
      ),
      async listen(port = config.port) {
        if (listeners !== undefined || stopping) throw new Error('this bridge listens already, or is closed');
        if (port !== config.port && settings.publicUrl === undefined && !env?.PUBLIC_URL)
          throw new Error(`listen(${port}): publicUrl is ${config.publicUrl}; give publicUrl, or the option port`);
        const { hosts, metrics: own } = config;
        // Set at once, so that a second call is refused and `close` finds them.
        metricsListeners = own && listen(own.hosts, own.port, metricsHandler(render), 'METRICS_PORT');
        listeners = Promise.resolve(metricsListeners).then(() => listen(hosts, port, requests.handler));
        try {
          await listeners;
          logger.info(startedLine(config, store.kind));
        } catch (error) {
          // It may listen again, at another port.
          await (await metricsListeners?.catch(() => undefined))?.close();
          listeners = undefined;
          metricsListeners = undefined;
          throw error;
        }
      },
      close() {
        stopped ??= stop();
        return stopped;
      },
      authenticate: bridge.mcp.authenticate,
      events: forProgram(events, (error) => logger.error({ event: 'listener.failed', ...describe(error, true) })),
      metrics: render,
      store,
      banner: banner(config, store.kind),
    };
  } catch (error) {
    await Promise.all([hook?.close(), telemetry?.close()]);
    outage.close();
    counters?.disconnect();
    await store.close();
    throw error;
  }
}

/** What is wrong with the tools and the server of a program. */
function checkExtensions({ tools = [], server }: McpExtensions, config: Config | undefined): Complaint[] {
  const complaints: Complaint[] = [];
  const given = server === undefined ? 'tools' : 'server';
  if (tools.length > 0 && server !== undefined)
    complaints.push({
      variable: 'tools',
      problem: 'given together with server',
      remedy: 'Register them in your server.',
    });
  if ((tools.length > 0 || server !== undefined) && config?.upstreams.some(({ name }) => name === undefined))
    complaints.push({
      variable: given,
      problem: 'another MCP server stands at /mcp already',
      remedy: 'Give that one a name in mcpUpstreams: name=url.',
    });
  if (server !== undefined && typeof server !== 'function')
    complaints.push({
      variable: 'server',
      problem: 'not a function',
      remedy: 'It returns the McpServer of one request.',
    });
  const scopes = githubScopes([]);
  for (const { name, scopes: needed } of tools)
    for (const scope of needed)
      if (!isKnownScope(scopes, scope))
        complaints.push({
          variable: 'tools',
          problem: `"${name}" needs "${scope}", which is no scope of GitHub`,
          remedy: 'Write for example public_repo.',
        });
  const names = [...builtIn, ...tools].map(({ name }) => name);
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index)))
    complaints.push({
      variable: 'tools',
      problem: `"${name}" is the name of two tools`,
      remedy: 'Name one differently.',
    });
  return complaints;
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
