/** Starts a bridge: store, wiring, listeners; and stops it again. Used by `main.ts` and by the demo. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { EventBus } from './observe/events.ts';
import { logEvents } from './observe/logger.ts';
import { createMetrics } from './observe/metrics.ts';
import { openStore } from './store/open-store.ts';
import { wire } from './wiring.ts';

/** Milliseconds that requests under way have when the server stops. */
const GRACE = 5_000;

export interface RunningBridge {
  readonly storeKind: 'sqlite' | 'redis';
  /** Stops listening, lets requests finish, closes the store. */
  stop(): Promise<void>;
}

/**
 * @throws {StoreInUse | ForeignStore | Error} with a message for the operator
 */
export async function startBridge(
  config: Config,
  logger: Logger,
  options: { simulated?: boolean } = {},
): Promise<RunningBridge> {
  const complete = config.secrets.length > 0 ? config : { ...config, secrets: [generatedSecret(config.dataDir)] };
  const events = new EventBus();
  logEvents(events, logger);
  const store = openStore(complete, { onError: (error) => events.emit('store.error', { error }) });
  try {
    const bridge = await wire(complete, { store, events });
    const app = createApp(bridge, {
      metrics: createMetrics(events),
      onRequest: (request) =>
        logger.info({ event: 'request', ...request, milliseconds: Math.round(request.milliseconds) }),
      ...(options.simulated === undefined ? {} : { simulated: options.simulated }),
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
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

type Handler = Parameters<typeof createServer>[1] & {};

/** Listens on every address; one that this machine lacks (IPv6, mostly) is left out, if another is there. */
async function listenAll(hosts: readonly string[], port: number, handler: Handler): Promise<Server[]> {
  const servers: Server[] = [];
  const failures: unknown[] = [];
  for (const host of hosts) {
    const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 65_000 }, handler);
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

/** The secret of a developer's machine: made once, kept beside the store, readable by its owner alone. */
function generatedSecret(dataDir: string): string {
  const path = join(dataDir, 'secret');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  chmodSync(path, 0o600);
  return readFileSync(path, 'utf8').trim();
}
