// A whole bridge for tests: every part real, in this process, before a simulated GitHub, on either store. Tests speak
// HTTP
// to it. Its clock is the test's, shared with the simulated GitHub, and can be moved on.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import { createSimulatedGitHub, type SimulatedApp, type SimulatedGitHub } from '../../demo/github/index.ts';
import { createApp } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { EventBus, type Events } from '../../src/observe/events.ts';
import { createLogger, logEvents } from '../../src/observe/logger.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import type { GuardedFetchOptions } from '../../src/security/guarded-fetch.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type Bridge, wire } from '../../src/wiring.ts';
import { sharedRedis } from './redis.ts';

export const CLIENT_ID = 'Iv1.testapp';
export const CLIENT_SECRET = 'simulated-client-secret';
const BRIDGE_SECRET = 'a test secret that is long enough and no secret at all';

export type StoreKind = 'sqlite' | 'redis';
export const STORES: readonly StoreKind[] = ['sqlite', 'redis'];

/** Runs a suite once on each store. */
export function onBothStores(name: string, suite: (store: StoreKind) => void): void {
  for (const store of STORES) describe(`${name}, on ${store}`, () => suite(store));
}

export interface TestBridgeOptions {
  readonly store: StoreKind;
  /** Environment variables over the defaults. */
  readonly env?: Readonly<Record<string, string>>;
  /** The app at the simulated GitHub, over the default OAuth App. */
  readonly app?: Partial<SimulatedApp>;
  readonly github?: { enterprise?: boolean; issInCallback?: boolean | string };
  readonly fetch?: GuardedFetchOptions;
  /** Logs nothing below `warn`, as a benchmark wants it. */
  readonly quiet?: boolean;
  /** Stands before the store: to count, or to break it. */
  readonly wrapStore?: (store: Store) => Store;
}

export type RecordedEvent = { [Name in keyof Events]: { name: Name; event: Events[Name] } }[keyof Events];

export interface TestBridge {
  /** The issuer. */
  readonly url: string;
  readonly config: Config;
  readonly github: SimulatedGitHub;
  readonly store: Store;
  readonly bridge: Bridge;
  /** Everything that happened, in order. */
  readonly events: readonly RecordedEvent[];
  /** Events of one name. */
  eventsOf<Name extends keyof Events>(name: Name): Events[Name][];
  /** The log at its most verbose. */
  readonly log: () => string;
  /** Epoch seconds of the shared clock. */
  now(): number;
  /** Moves the shared clock on. */
  advance(seconds: number): void;
  stop(): Promise<void>;
}

/** Starts a bridge and its GitHub on free ports. */
export async function startTestBridge(options: TestBridgeOptions): Promise<TestBridge> {
  let offset = 0;
  const now = () => Math.floor(Date.now() / 1000) + offset;
  const server = createServer();
  const url = `http://localhost:${await listen(server)}`;
  const github = createSimulatedGitHub({
    apps: [
      {
        kind: 'oauth-app',
        name: 'Test bridge',
        clientId: CLIENT_ID,
        clientSecret: CLIENT_SECRET,
        callbackUrls: [`${url}/github/callback`],
        ...options.app,
      },
    ],
    now: () => Date.now() + offset * 1000,
    ...options.github,
  });
  const githubUrl = await github.listen();
  const config = readConfig({
    GITHUB_CLIENT_ID: CLIENT_ID,
    GITHUB_CLIENT_SECRET: CLIENT_SECRET,
    GITHUB_URL: githubUrl,
    PUBLIC_URL: url,
    BRIDGE_SECRET,
    REGISTRATIONS_PER_HOUR: '100000',
    ...options.env,
  });

  const opened = await openTestStore(options.store, now);
  const store = options.wrapStore?.(opened.store) ?? opened.store;
  const bus = new EventBus();
  const events: RecordedEvent[] = [];
  bus.onAny((name, event) => events.push({ name, event } as RecordedEvent));
  const lines: string[] = [];
  const logger = createLogger(options.quiet ? 'warn' : 'trace', { write: (line) => void lines.push(line) });
  logEvents(bus, logger);
  const bridge = await wire(config, {
    store,
    events: bus,
    now,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  const app = createApp(bridge, {
    metrics: createMetrics(bus),
    onRequest: (request) => logger.info({ event: 'request', ...request }),
  });
  server.on('request', app.callback());

  return {
    url,
    config,
    github,
    store,
    bridge,
    events,
    eventsOf: (name) => events.flatMap((recorded) => (recorded.name === name ? [recorded.event] : [])) as never,
    log: () => lines.join(''),
    now,
    advance(seconds) {
      offset += seconds;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      github.clearFaults();
      await bridge.close();
      await github.close();
      await opened.close();
    },
  };
}

async function openTestStore(
  kind: StoreKind,
  now: () => number,
): Promise<{ store: Store; close: () => Promise<void> }> {
  if (kind === 'redis') {
    const redis = await sharedRedis();
    const store = createRedisStore(redis.url, { now, prefix: redis.prefix });
    return {
      store,
      async close() {
        await store.close();
        await redis.stop();
      },
    };
  }
  const directory = mkdtempSync(join(tmpdir(), 'bridge-test-'));
  const store = createSqliteStore(directory, { now });
  return {
    store,
    async close() {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
