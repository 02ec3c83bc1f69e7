/**
 * Makes the ioredis client for an address. No command is ever sent twice: one that was under way when its connection
 * was lost may have been carried out, and a code redeemed again would look like a replay. It fails instead, and the
 * caller answers 503.
 */
import { Cluster, type CommonRedisOptions, Redis, type SentinelConnectionOptions } from 'ioredis';
import { defined } from '../../base/defined.ts';
import type { RedisLocation } from './url.ts';

export type RedisClient = Redis | Cluster;

/** How long things may take, in milliseconds. */
export interface Patience {
  readonly connect: number;
  readonly command: number;
}

/** Milliseconds before connecting again: 50, twice as many after each further failure, at most 1000. */
const retryDelay = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt - 1, 10), 1000);

/** Connects in the background; never throws for a server that is not there. */
export function connectRedis(location: RedisLocation, patience: Patience): RedisClient {
  return location.kind === 'cluster' ? connectCluster(location, patience) : connectServer(location, patience);
}

function commonOptions(location: RedisLocation, patience: Patience) {
  return {
    connectTimeout: patience.connect,
    commandTimeout: patience.command,
    // A server that takes commands and does not answer is given up, so that a failover is found.
    socketTimeout: patience.command,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // After a failover the old primary only reads: reconnecting finds the new one.
    reconnectOnError: (error: Error) => /\bREADONLY\b/.test(error.message),
    ...defined({
      username: location.username,
      password: location.password,
      tls: location.tls ? {} : undefined,
    }),
  } satisfies CommonRedisOptions & { tls?: object };
}

function connectServer(location: RedisLocation, patience: Patience): Redis {
  return new Redis({
    ...commonOptions(location, patience),
    ...(location.kind === 'sentinel' ? sentinelOptions(location, patience) : location.addresses[0]),
    db: location.db,
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    retryStrategy: retryDelay,
  });
}

/**
 * Every connection asks a sentinel for the primary anew. A demoted primary is noticed without the failover detector of
 * ioredis, whose connections nobody can close: Sentinel disconnects its clients, and one that hangs is given up.
 */
function sentinelOptions(location: RedisLocation, patience: Patience) {
  return {
    sentinels: location.addresses.map(({ host, port }) => ({ host, port })),
    ...defined({
      name: location.masterName,
      sentinelUsername: location.sentinelUsername,
      sentinelPassword: location.sentinelPassword,
    }),
    ...(location.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
    sentinelCommandTimeout: patience.connect,
    sentinelRetryStrategy: retryDelay,
  } satisfies SentinelConnectionOptions;
}

function connectCluster(location: RedisLocation, patience: Patience): Cluster {
  return new Cluster(
    location.addresses.map(({ host, port }) => ({ host, port })),
    {
      // No automatic pipelines: ioredis fails the commands of one that a resharding parts, instead of redirecting them.
      // Commands of one tick still leave together, without awaiting each other.
      enableAutoPipelining: false,
      redisOptions: commonOptions(location, patience),
      clusterRetryStrategy: retryDelay,
      retryDelayOnFailover: 0,
      slotsRefreshTimeout: patience.connect,
      // A certificate names a host, which its address would not match.
      ...(location.tls ? { dnsLookup: (host, found) => found(null, host) } : {}),
    },
  );
}
