/**
 * The one way to Redis: runs scripts and commands, each within a bounded time, and turns every failure to get an
 * answer into StoreUnavailable.
 */
import { once } from 'node:events';
import type { RedisCommander } from 'ioredis';
import { StoreUnavailable } from '../store.ts';
import { connectRedis, type Patience, type RedisClient } from './client.ts';
import type { Script } from './script.ts';
import type { RedisLocation } from './url.ts';

export interface ConnectionOptions {
  /** Epoch seconds, for tests; without it the server's clock counts. */
  readonly now?: () => number;
  /** Told of trouble with connections, which never throws elsewhere. */
  readonly onError?: (error: Error) => void;
  readonly patience?: Patience;
}

const defaultPatience: Patience = { connect: 1500, command: 2000 };

export class RedisConnection {
  readonly #client: RedisClient;
  readonly #now: (() => number) | undefined;
  readonly #patience: Patience;
  #becomingReady: Promise<unknown> | undefined;

  constructor(location: RedisLocation, options: ConnectionOptions = {}) {
    this.#now = options.now;
    this.#patience = options.patience ?? defaultPatience;
    this.#client = connectRedis(location, this.#patience);
    const onError = options.onError ?? (() => {});
    this.#client.on('error', onError);
    this.#client.on('node error', onError);
  }

  /**
   * Runs a script: one round trip, two when the server does not know it yet.
   * @param args given to the script as `args`; undefined members are left out
   * @throws {@link StoreUnavailable}
   */
  run(script: Script, keys: readonly string[], args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const now = this.#now === undefined ? '' : String(Math.floor(this.#now()));
    const rest = [...keys, now, JSON.stringify(args, wellFormed)];
    return this.send(async (client) => {
      try {
        return await client.evalsha(script.sha, keys.length, ...rest);
      } catch (error) {
        if (error instanceof Error && error.message.startsWith('NOSCRIPT')) {
          return await client.eval(script.source, keys.length, ...rest);
        }
        throw error;
      }
    });
  }

  /**
   * Sends a command.
   * @throws {@link StoreUnavailable}
   */
  async send<T>(command: (client: RedisCommander) => Promise<T>): Promise<T> {
    try {
      return await within(this.#patience.command, this.#whenReady(command));
    } catch (error) {
      throw isFault(error) ? error : new StoreUnavailable('Redis does not answer', { cause: error });
    }
  }

  /** Closes the connections; commands under way fail. */
  close(): void {
    this.#client.disconnect();
  }

  async #whenReady<T>(command: (client: RedisCommander) => Promise<T>): Promise<T> {
    if (this.#client.status !== 'ready') {
      await this.#ready();
    }
    return command(this.#client);
  }

  /**
   * Resolves when connected; rejects at the next failure to connect, so that a server that is down is known at once.
   */
  #ready(): Promise<unknown> {
    if (this.#client.status === 'end') {
      return Promise.reject(new Error('The store is closed'));
    }
    this.#becomingReady ??= once(this.#client, 'ready', {
      signal: AbortSignal.timeout(this.#patience.command),
    }).finally(() => {
      this.#becomingReady = undefined;
    });
    return this.#becomingReady;
  }
}

/** Answers of Redis that a mistake in this program explains; all others say that Redis cannot serve now. */
function isFault(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'ReplyError' &&
    /^(ERR|WRONGTYPE) /.test(error.message) &&
    !/\b(READONLY|OOM|MISCONF|NOREPLICAS|LOADING)\b/.test(error.message)
  );
}

/** Scripts refuse lone surrogates, which a JSON request can smuggle into a string. */
function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}

async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
