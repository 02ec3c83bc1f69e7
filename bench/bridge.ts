/** The bridge as a server process, started as `npm start` starts it, on a store of its own with sessions in it. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'undici';
import { z } from 'zod';
import { freePort } from '../test/support/ports.ts';
import type { Lab, StoreKind } from './lab.ts';
import { type ServerProcess, startNode } from './processes.ts';
import { openSessions, type Sessions } from './sessions.ts';

/** Milliseconds between two questions whether the program is ready, and how long it may take. */
const POLL = 2;
const PATIENCE = 30_000;

/** The environment of a bridge. */
export type BridgeEnvironment = Readonly<Record<string, string>> & { readonly PUBLIC_URL: string };

interface Bridge {
  /** Where it listens. */
  readonly url: string;
  readonly env: BridgeEnvironment;
  readonly process: ServerProcess;
  /** Its store, opened by this process as well. */
  readonly sessions: Sessions;
}

/** The environment of a bridge with an empty store. No call that is measured needs GitHub: nothing listens there. */
export async function bridgeEnvironment(
  lab: Lab,
  store: StoreKind,
  more: Readonly<Record<string, string>> = {},
): Promise<BridgeEnvironment> {
  const port = await freePort();
  return {
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    HOST: '127.0.0.1',
    PORT: String(port),
    GITHUB_URL: 'http://127.0.0.1:9',
    GITHUB_CLIENT_ID: 'Ov23liBenchmarkOAuth1',
    GITHUB_CLIENT_SECRET: 'a client secret of the simulated app',
    BRIDGE_SECRET: 'a secret for benchmarks that is long enough and no secret',
    LOG_LEVEL: 'warn',
    ...(store === 'Redis' ? { REDIS_URL: await lab.redis() } : { DATA_DIR: lab.directory() }),
    ...more,
  };
}

interface BridgeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** The path of the resource of its sessions; default: the path of the built-in tools. */
  readonly path?: string;
}

/** Starts a bridge, and opens its store in this process too. */
export async function startBridge(lab: Lab, store: StoreKind, options: BridgeOptions = {}): Promise<Bridge> {
  const env = await bridgeEnvironment(lab, store, options.env);
  const server = await startProgram(lab, env, options.nodeOptions);
  const resource = options.path === undefined ? undefined : `${env.PUBLIC_URL}${options.path}`;
  return { url: env.PUBLIC_URL, env, process: server, sessions: await openSessions(lab, env, resource) };
}

/**
 * Starts the program with the arguments that `npm start` gives it, and waits for the first 200 of `/readyz`.
 * @param nodeOptions further arguments of node
 */
export async function startProgram(
  lab: Lab,
  env: BridgeEnvironment,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const server = startNode(lab, [...nodeOptions, ...startArguments()], env);
  const deadline = performance.now() + PATIENCE;
  while (!(await isReady(`http://127.0.0.1:${env.PORT}`))) {
    if (server.child.exitCode !== null || performance.now() > deadline) throw new Error('the bridge does not start');
    await pause(POLL);
  }
  return server;
}

function startArguments(): string[] {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { scripts } = z.object({ scripts: z.object({ start: z.string() }) }).parse(JSON.parse(file));
  const [program, ...args] = scripts.start.split(' ');
  if (program !== 'node') throw new Error(`npm start runs ${program}, not node`);
  return args;
}

async function isReady(url: string): Promise<boolean> {
  const client = new Client(url);
  try {
    const { statusCode, body } = await client.request({ method: 'GET', path: '/readyz' });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  } finally {
    await client.destroy();
  }
}
