/**
 * The only connection to Redis that the store has: runs scripts and commands, each within a bounded time, and turns
 * every failure to get an answer into StoreUnavailable.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { Redis, type RedisCommander } from 'ioredis';
import { within } from '../../base/within.ts';
import { StoreUnavailable } from '../store.ts';
import { connectRedis, type RedisTimeouts } from './client.ts';
import { type Script, scriptJson } from './script.ts';
import type { RedisLocation } from './url.ts';

const DEFAULT_TIMEOUTS: RedisTimeouts = { connect: 1500, command: 2000 };

/** The share of a command's time within which the server must begin to run a script; the rest is for the answer. */
const RUNNING_SHARE = 0.9;
/** Keys that one command of a scan looks at. */
const SCANNED_AT_ONCE = 1000;

export interface ConnectionOptions {
  /** Epoch seconds, for tests; without it scripts use the server's clock. */
  readonly now?: () => number;
  /** Receives each error of a connection; these errors are not thrown. */
  readonly onError?: (error: Error) => void;
  readonly timeouts?: RedisTimeouts;
}

export interface RedisConnection {
  /**
   * Runs a script: one round trip, two when the server does not know it yet. A server that was frozen does not run it after
   * the caller has got {@link StoreUnavailable}.
   * @param args given to the script as `args`; undefined members are left out
   * @throws {StoreUnavailable}
   */
  run(script: Script, keys: readonly string[], args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /**
   * Sends a command.
   * @throws {StoreUnavailable}
   */
  send<T>(command: (client: RedisCommander) => Promise<T>): Promise<T>;
  /** The keys that match a pattern, on all servers, in pages; a key may come twice. @throws {StoreUnavailable} */
  scan(pattern: string): AsyncIterable<string[]>;
  /** Closes the connections; unanswered commands fail. */
  close(): void;
}

/** Connects in the background. */
export function createRedisConnection(location: RedisLocation, options: ConnectionOptions = {}): RedisConnection {
  const { now, onError = () => {}, timeouts = DEFAULT_TIMEOUTS } = options;
  const client = connectRedis(location, timeouts);
  client.on('error', onError);
  client.on('node error', onError);
  let becomingReady: Promise<unknown> | undefined;
  /** Commands whose answers are awaited. */
  let awaited = 0;
  /** Milliseconds by which the server's clock was ahead of ours when a script came late. */
  let ahead = 0;

  /**
   * Resolves when connected; rejects at the next failure to connect, so that callers do not wait for a server that is
   * down.
   */
  function ready(): Promise<unknown> {
    if (client.status === 'end') return Promise.reject(new Error('The store is closed'));
    becomingReady ??= once(client, 'ready', { signal: AbortSignal.timeout(timeouts.command) }).finally(() => {
      becomingReady = undefined;
    });
    return becomingReady;
  }

  async function whenReady<T>(command: (client: RedisCommander) => Promise<T>): Promise<T> {
    if (client.status !== 'ready') await ready();
    return command(client);
  }

  async function send<T>(command: (client: RedisCommander) => Promise<T>): Promise<T> {
    const late = () => new Error(`No answer within ${timeouts.command} ms`);
    awaited++;
    try {
      // A cluster may hold a command back before it limits the time.
      if (client.status !== 'ready' || !(client instanceof Redis))
        return await within(timeouts.command, whenReady(command), late);
      // A connection that is ready limits the time itself (`commandTimeout`).
      if (awaited > 1) shareWrite(client.stream);
      return await command(client);
    } catch (error) {
      throw isBug(error) ? error : new StoreUnavailable('Redis does not answer', { cause: error });
    } finally {
      awaited--;
    }
  }

  return {
    run(script, keys, args = {}) {
      const instant = now === undefined ? '' : String(Math.floor(now()));
      const json = scriptJson(args);
      const deadline = Date.now() + timeouts.command * RUNNING_SHARE;
      const parameters = () => [...keys, instant, String(Math.floor(deadline + ahead)), json];
      const attempt = (commander: RedisCommander) =>
        commander.evalsha(script.sha, keys.length, ...parameters()).catch((error: unknown) => {
          if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
          return commander.eval(script.source, keys.length, ...parameters());
        });
      return send((commander) =>
        attempt(commander).catch((error: unknown) => {
          const [, serverTime] = /^LATE (\d+)$/.exec(messageOf(error)) ?? [];
          if (serverTime === undefined || Date.now() >= deadline) throw error;
          // It came in time: it is the server's clock that is ahead.
          ahead = Number(serverTime) - Date.now();
          return attempt(commander);
        }),
      );
    },
    send,
    async *scan(pattern) {
      const primaries = await send(async () => (client instanceof Redis ? [client] : client.nodes('master')));
      for (const primary of primaries) {
        let cursor = '0';
        do {
          const [next, keys] = await send(() => primary.scan(cursor, 'MATCH', pattern, 'COUNT', SCANNED_AT_ONCE));
          yield keys;
          cursor = next;
        } while (cursor !== '0');
      }
    },
    close: () => client.disconnect(),
  };
}

/**
 * Holds back what is written until the end of this turn of the event loop, and sends it in one write. A command that is alone is
 * sent at once, which the automatic pipelines of ioredis do not do; they also create a pipeline for each turn.
 */
function shareWrite(stream: Writable): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  setImmediate(() => stream.uncork());
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : '');

/** Whether an error reply means a bug in this program; any other error means that Redis cannot serve now. */
function isBug(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'ReplyError' &&
    /^(ERR|WRONGTYPE) /.test(error.message) &&
    !/\b(READONLY|OOM|MISCONF|NOREPLICAS|LOADING)\b/.test(error.message)
  );
}
