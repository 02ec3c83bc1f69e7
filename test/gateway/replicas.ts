// Bridges in this process that share a Redis and a GitHub, behind a proxy that gives each request to the next of them.
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import type { TestContext } from 'node:test';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/config.ts';
import { EventBus } from '../../src/observe/events.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { type Bridge, wire } from '../../src/wiring.ts';
import { sharedRedis } from '../support/redis.ts';
import { type Entries, upstreamsFile } from './fixtures.ts';

const CLIENT_ID = 'Iv1.replicas';
const CLIENT_SECRET = 'the secret of the app';

export interface Replica {
  readonly url: string;
  readonly bridge: Bridge;
  /** Requests that it got. */
  requests: number;
}

export interface Replicas {
  /** The address of the proxy, which is `PUBLIC_URL`. */
  readonly url: string;
  readonly replicas: readonly Replica[];
  readonly github: SimulatedGitHub;
  /** Gives every request to one replica from now on. */
  pin(index: number): void;
  /** Cuts the answers off that are open at the proxy. @returns how many there were */
  cut(method: string): number;
}

/** Starts replicas for one test. */
export async function startReplicas(
  t: TestContext,
  count: number,
  entries: Entries | ((index: number) => Entries),
): Promise<Replicas> {
  const redis = await sharedRedis();
  const replicas: Replica[] = [];
  const open = new Set<ServerResponse>();
  let turn = 0;
  let pinned: number | undefined;
  const proxy = createServer((incoming, outgoing) => {
    const replica = replicas[pinned ?? turn++ % replicas.length];
    if (replica === undefined) return void outgoing.writeHead(503).end();
    open.add(outgoing);
    outgoing.on('close', () => open.delete(outgoing));
    pass(replica.url, incoming, outgoing);
  });
  const url = `http://localhost:${await listening(proxy)}`;
  const github = createSimulatedGitHub({
    apps: [
      {
        kind: 'oauth-app',
        name: 'Replicas',
        clientId: CLIENT_ID,
        clientSecret: CLIENT_SECRET,
        callbackUrls: [`${url}/github/callback`],
      },
    ],
  });
  const githubUrl = await github.listen();
  const ends: (() => Promise<unknown>)[] = [];
  for (let index = 0; index < count; index++) {
    const file = upstreamsFile(typeof entries === 'function' ? entries(index) : entries, (remove) => t.after(remove));
    const config = readConfig({
      GITHUB_CLIENT_ID: CLIENT_ID,
      GITHUB_CLIENT_SECRET: CLIENT_SECRET,
      GITHUB_URL: githubUrl,
      PUBLIC_URL: url,
      BRIDGE_SECRET: 'a test secret that is long enough and no secret at all',
      REGISTRATIONS_PER_HOUR: '100000',
      UPSTREAMS_FILE: file,
    });
    const store = createRedisStore(redis.url, { prefix: redis.prefix });
    const events = new EventBus();
    const bridge = await wire(config, { store, events });
    const app = createApp(bridge, { metrics: createMetrics(events) }).handler;
    const server = createServer((incoming, outgoing) => {
      replica.requests++;
      void app(incoming, outgoing);
    });
    const replica = { url: `http://127.0.0.1:${await listening(server)}`, bridge, requests: 0 };
    replicas.push(replica);
    ends.push(async () => {
      server.closeAllConnections();
      server.close();
      await bridge.close();
      await store.close();
    });
  }
  t.after(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await Promise.all(ends.map((end) => end()));
    await github.close();
    await redis.stop();
  });
  return {
    url,
    replicas,
    github,
    pin(index) {
      pinned = index;
    },
    cut(method) {
      const those = [...open].filter(({ req }) => req.method === method);
      for (const response of those) response.destroy();
      return those.length;
    },
  };
}

/** Passes a request on as it comes, and its answer; either side's end ends the other. */
function pass(origin: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url: path = '/' } = incoming;
  const onward = request(new URL(path, origin), { method, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    pipeline(answer, outgoing, () => {});
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
