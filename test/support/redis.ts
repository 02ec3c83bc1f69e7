// Real Redis servers for tests: private ones on free loopback ports, each with a folder that is removed with it, and one that a
// whole test run shares. Each server ends with the process that started it, however that process ends.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { freePort } from './ports.ts';
import { redisCli, redisServer } from './system.ts';
import { until } from './until.ts';

const run = promisify(execFile);

export type RedisOptions = {
  /** Writes an append-only file and syncs each write, so that a restart loses no acknowledged write. */
  appendOnly?: boolean;
  requirePass?: string;
  /** Further arguments of redis-server, for example `['--maxmemory', '10mb']`. */
  args?: readonly string[];
};

export type RedisServer = {
  /** `redis://127.0.0.1:PORT`, with the password where there is one. */
  url: string;
  port: number;
  /** Where the server keeps its files. */
  dir: string;
  /** Ends the server at once and removes its folder. */
  stop(): Promise<void>;
  /** Stops the server but keeps its folder and port; with `crash` it is killed, otherwise it shuts down in order. */
  down(options?: { crash?: boolean }): Promise<void>;
  /** Starts the server again after `down`. */
  up(): Promise<void>;
  /** `down` and `up`. */
  restart(options?: { crash?: boolean }): Promise<void>;
  /** Freezes the process (SIGSTOP): connections stay open and nothing is answered. */
  pause(): void;
  /** Lets the process run again. */
  resume(): void;
  /** Runs redis-cli against the server and returns what it printed, trimmed. Fails after five seconds. */
  cli(...args: string[]): Promise<string>;
};

/** Starts a Redis server on 127.0.0.1, by default without persistence, and waits until it answers PING. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const { appendOnly = false, requirePass, args = [] } = options;
  return await startServer(requirePass, (port, dir) => [
    // Sentinel writes there whether the server is a replica, for its next start (CONFIG REWRITE).
    emptyFile(join(dir, 'redis.conf')),
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--daemonize', 'no'],
    ...['--repl-diskless-sync-delay', '0'], // a master otherwise waits five seconds for a second replica
    ...(appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']),
    ...(requirePass === undefined ? [] : ['--requirepass', requirePass]),
    ...args,
  ]);
}

function emptyFile(path: string): string {
  writeFileSync(path, '');
  return path;
}

/**
 * Starts redis-server with the arguments that `argsFor` makes from a free port and a new folder. When another program took
 * the port meanwhile, it tries another port.
 */
export async function startServer(
  password: string | undefined,
  argsFor: (port: number, dir: string) => readonly string[],
): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const dir = mkdtempSync(join(tmpdir(), 'bridge-redis-'));
    try {
      return await serverAt(port, dir, password, argsFor(port, dir));
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      if (attempt === 3 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function serverAt(
  port: number,
  dir: string,
  password: string | undefined,
  args: readonly string[],
): Promise<RedisServer> {
  const boot = () => bootProcess(port, dir, password, args);
  const auth = password === undefined ? [] : ['-a', password, '--no-auth-warning'];
  let running: Running | undefined = await boot();

  async function down({ crash = false } = {}): Promise<void> {
    const ending = running;
    running = undefined;
    await ending?.end(crash ? 'SIGKILL' : 'SIGTERM');
  }
  async function up(): Promise<void> {
    running ??= await boot();
  }
  return {
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    port,
    dir,
    down,
    up,
    async stop() {
      await down({ crash: true });
      rmSync(dir, { recursive: true, force: true });
    },
    async restart(how) {
      await down(how);
      await up();
    },
    pause: () => void running?.child.kill('SIGSTOP'),
    resume: () => void running?.child.kill('SIGCONT'),
    async cli(...command) {
      const { stdout } = await run(redisCli(), ['-p', String(port), ...auth, ...command], { timeout: 5_000 });
      return stdout.trim();
    },
  };
}

type Running = { child: ChildProcess; end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> };

async function bootProcess(
  port: number,
  dir: string,
  password: string | undefined,
  args: readonly string[],
): Promise<Running> {
  const child = spawn(redisServer(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => log.push(text));
  const exited = once(child, 'exit');
  const dismissGuard = guard(child, dir);
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.ref(); // this process must stay alive until the child has ended
    child.kill('SIGCONT'); // a stopped process would not see SIGTERM
    child.kill(signal);
    await exited;
    dismissGuard();
  };
  try {
    await until(() => isOver(child) || answers(port, password, child.pid), { what: `Redis on port ${port}` });
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  if (isOver(child)) {
    dismissGuard();
    throw new Error(`redis-server ended at once:\n${log.join('')}`);
  }
  // The test process can end although a test forgot to stop this server; the guard then kills it.
  child.unref();
  unrefPipes(child.stdout, child.stderr);
  return { child, end };
}

/** Also for the pipes of the child, because they too keep this process alive. */
function unrefPipes(...pipes: (Readable | Writable)[]): void {
  for (const pipe of pipes) if (pipe instanceof Socket) pipe.unref();
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/**
 * Starts a shell that kills the server and removes its folder when its standard input ends. That happens when this process
 * ends in any way, SIGKILL included.
 * @returns a function that ends the shell
 */
function guard(child: ChildProcess, dir: string): () => void {
  const script = 'read -r _; kill -9 "$0" 2>/dev/null; rm -rf "$1"';
  const shell = spawn('/bin/sh', ['-c', script, String(child.pid), dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  unrefPipes(shell.stdin);
  return () => void shell.kill('SIGKILL');
}

/**
 * Whether the server on `port` is ready (one that still loads its data answers PING with an error) and is this very
 * process, not another that took the port first.
 */
async function answers(port: number, password: string | undefined, pid: number | undefined): Promise<boolean> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    ...(password === undefined ? {} : { password }),
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  client.on('error', () => {}); // the server is not ready yet: connect() rejects too
  try {
    await client.connect();
    await client.ping();
    return (await client.info('server')).includes(`process_id:${pid}\r\n`);
  } finally {
    client.disconnect();
  }
}

export type SharedRedis = {
  url: string;
  /** The beginning of every key of this caller, and of no other caller: `t:3f9c…:`. */
  prefix: string;
  /** Removes the caller's keys, or the server if it was started for this caller. */
  stop(): Promise<void>;
};

/**
 * A Redis server to put keys into: that of the test run (`TEST_REDIS_URL`, set by run.ts), or else a new one. Each caller has
 * a prefix of its own. A test that flushes, pauses or reconfigures the server needs `startRedis`.
 */
export async function sharedRedis(): Promise<SharedRedis> {
  const prefix = `t:${randomBytes(6).toString('hex')}:`;
  const url = process.env.TEST_REDIS_URL;
  if (url !== undefined && url !== '') return { url, prefix, stop: () => removeKeys(url, prefix) };
  const server = await startRedis();
  return { url: server.url, prefix, stop: server.stop };
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  try {
    for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1000 })) {
      if (keys.length > 0) await client.unlink(...keys);
    }
  } finally {
    client.disconnect();
  }
}
