// A whole bridge for tests: every part is real, in this process, with a simulated GitHub, on either store. Tests speak
// HTTP to it. The bridge and the simulated GitHub share a clock, which a test can move forward.

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import {
  createSimulatedGitHub,
  type SimulatedApp,
  type SimulatedGitHub,
  type SimulatedGitHubOptions,
} from '../../demo/github/index.ts';
import { createApp } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config/config.ts';
import type { Timeouts } from '../../src/github/timeouts.ts';
import type { McpExtensions } from '../../src/mcp/server.ts';
import { EventBus, type Events } from '../../src/observe/events.ts';
import { createLogger, logEvents } from '../../src/observe/logger.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import type { GuardedFetchOptions } from '../../src/security/guarded-fetch.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type Bridge, wire } from '../../src/wiring.ts';
import { type RedisServer, sharedRedis } from './redis.ts';
import { until } from './until.ts';

export const CLIENT_ID = 'Ov23liTestApp';
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
  /** Environment variables that replace the defaults; a function when they need the address of the simulated GitHub. */
  readonly env?: Readonly<Record<string, string>> | ((githubUrl: string) => Readonly<Record<string, string>>);
  /** Members of the app at the simulated GitHub that replace those of the default OAuth App. */
  readonly app?: Partial<SimulatedApp>;
  readonly github?: Pick<SimulatedGitHubOptions, 'enterprise' | 'issInCallback' | 'randomToken'>;
  /** Where the bridge and GitHub listen, for records that name these addresses; free ports by default. */
  readonly ports?: { readonly bridge: number; readonly github: number };
  /** Epoch seconds at which the shared clock begins; now, by default. */
  readonly startAt?: number;
  /** Opens a store that has records already; without it the store is empty. The test closes it. */
  readonly openStore?: (now: () => number) => Store;
  readonly fetch?: GuardedFetchOptions;
  /** How long GitHub may take. */
  readonly timeouts?: Timeouts;
  /** Milliseconds after which a client that does not read the answer of an MCP server is cut off. */
  readonly unreadTimeout?: number;
  /** A Redis server of the test, which it can break; without it the shared one. */
  readonly redis?: RedisServer;
  /** Logs nothing below `warn`, as a benchmark wants it. */
  readonly quiet?: boolean;
  /** What a program adds to the MCP server. */
  readonly extensions?: McpExtensions;
  /** Wraps the store, to count its calls or to make them fail. */
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
  /** Every event, in order. */
  readonly events: readonly RecordedEvent[];
  /** Events of one name. */
  eventsOf<Name extends keyof Events>(name: Name): Events[Name][];
  /** What Prometheus would read. */
  metrics(): Promise<string>;
  /** The log at its most verbose. */
  readonly log: () => string;
  /** Epoch seconds of the shared clock. */
  now(): number;
  /** Moves the shared clock forward. */
  advance(seconds: number): void;
  /** The directory of the SQLite store; on Redis there is none. */
  readonly dataDirectory: string | undefined;
  /** Everything in the store: the bytes of SQLite's files, or every key and value in Redis. */
  dumpStore(): Promise<Buffer>;
  stop(): Promise<void>;
}

/**
 * The bridge of a suite: started before its tests, stopped after them. Call it in the suite's body. Hooks run in the order
 * in which they are registered: call it before the hooks that use the bridge, and after those that `options` needs. Read
 * its members in tests and hooks only, not in the suite's body, which runs before the bridge is started.
 * @param options a function when they are known only when the hooks run
 */
export function useBridge(
  options: TestBridgeOptions | (() => TestBridgeOptions | Promise<TestBridgeOptions>),
): TestBridge {
  let started: TestBridge | undefined;
  before(async () => {
    started = await startTestBridge(typeof options === 'function' ? await options() : options);
  });
  after(() => started?.stop());
  return new Proxy(Object.create(null), {
    get(_target, property) {
      if (started === undefined) throw new Error(`bridge.${String(property)} was read before the bridge was started`);
      return Reflect.get(started, property);
    },
  });
}

/** A bridge for one test, stopped when the test is over. */
export async function bridgeFor(t: TestContext, options: TestBridgeOptions): Promise<TestBridge> {
  const bridge = await startTestBridge(options);
  t.after(() => bridge.stop());
  return bridge;
}

/** Starts a bridge and its GitHub on free ports; the caller stops it. Tests use {@link useBridge} or {@link bridgeFor}. */
export async function startTestBridge(options: TestBridgeOptions): Promise<TestBridge> {
  let offset = options.startAt === undefined ? 0 : options.startAt - Math.floor(Date.now() / 1000);
  const now = () => Math.floor(Date.now() / 1000) + offset;
  const server = createServer();
  const url = `http://localhost:${await listen(server, options.ports?.bridge)}`;
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
  const githubUrl = await atPort(options.ports?.github, (port) => github.listen(port));
  const config = readConfig({
    GITHUB_CLIENT_ID: CLIENT_ID,
    GITHUB_CLIENT_SECRET: CLIENT_SECRET,
    GITHUB_URL: githubUrl,
    PUBLIC_URL: url,
    BRIDGE_SECRET,
    REGISTRATIONS_PER_HOUR: '100000',
    ...(typeof options.env === 'function' ? options.env(githubUrl) : options.env),
  });

  const given = options.openStore?.(now);
  const opened = given === undefined ? await openTestStore(options.store, now, options.redis) : ownStore(given);
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
    ...options.extensions,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
    ...(options.unreadTimeout === undefined ? {} : { unreadTimeout: options.unreadTimeout }),
  });
  const metrics = createMetrics(bus);
  const app = createApp(bridge, {
    metrics,
    onRequest: (request) => logger.info({ event: 'request', ...request }),
  });
  server.on('request', app.handler);

  return {
    url,
    config,
    github,
    store,
    bridge,
    events,
    eventsOf: (name) => events.flatMap((recorded) => (recorded.name === name ? [recorded.event] : [])) as never,
    metrics: async () => (await metrics.render(store)).text,
    log: () => lines.join(''),
    now,
    advance(seconds) {
      offset += seconds;
    },
    dataDirectory: opened.directory,
    dumpStore: opened.dump,
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

interface OpenedStore {
  readonly store: Store;
  readonly directory?: string;
  dump(): Promise<Buffer>;
  close(): Promise<void>;
}

async function openTestStore(kind: StoreKind, now: () => number, own?: RedisServer): Promise<OpenedStore> {
  if (kind === 'redis') {
    const redis = own === undefined ? await sharedRedis() : { url: own.url, prefix: 't:own:', stop: () => own.stop() };
    const store = createRedisStore(redis.url, { now, prefix: redis.prefix });
    return {
      store,
      dump: () => dumpRedis(redis.url, redis.prefix),
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
    directory,
    dump: async () => Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name)))),
    async close() {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function ownStore(store: Store): OpenedStore {
  const dump = () => Promise.reject(new Error('the store is of the test'));
  return { store, dump, close: () => store.close() };
}

/** The keys and values in Redis, of every type that the store uses. */
async function dumpRedis(url: string, prefix: string): Promise<Buffer> {
  const client = new Redis(url);
  try {
    const parts: Buffer[] = [];
    for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1000 })) {
      for (const key of keys as string[]) {
        const type = await client.type(key);
        const content =
          type === 'hash'
            ? Object.entries(await client.hgetall(key)).flat()
            : type === 'zset'
              ? await client.zrange(key, '0', '-1')
              : type === 'list'
                ? await client.lrange(key, 0, -1)
                : type === 'set'
                  ? await client.smembers(key)
                  : [(await client.get(key)) ?? ''];
        parts.push(Buffer.from([key, ...content].join('\n')));
      }
    }
    return Buffer.concat(parts);
  } finally {
    client.disconnect();
  }
}

async function listen(server: Server, wanted?: number): Promise<number> {
  await atPort(wanted, async (port) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** Listens at any free port, or at a given one, as soon as another test has left that. */
async function atPort<T>(port: number | undefined, listenAt: (port: number) => Promise<T>): Promise<T> {
  if (port === undefined) return listenAt(0);
  const listening = async () => ({ done: await listenAt(port) });
  return (await until(listening, { what: `port ${port}`, timeout: 60_000, interval: 100 })).done;
}
