/**
 * Creates the ioredis client for an address. No command is ever sent twice: when the connection is lost, the server may
 * have executed a command without answering it, and a redemption sent again would look like a replay of the code. Such
 * a command fails, and the HTTP request is answered 503.
 */
import { Cluster, type CommonRedisOptions, Redis, type SentinelConnectionOptions } from 'ioredis';
import { defined } from '../../base/defined.ts';
import type { RedisLocation } from './url.ts';

export type RedisClient = Redis | Cluster;

/** The time limits for connecting and for one command, in milliseconds. */
export interface RedisTimeouts {
  readonly connect: number;
  readonly command: number;
}

/** Milliseconds before reconnecting: 50, doubled after each further failure, at most 1000. */
const retryDelay = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt - 1, 10), 1000);

/** Connects in the background; does not throw when the server cannot be reached. */
export function connectRedis(location: RedisLocation, timeouts: RedisTimeouts): RedisClient {
  return location.kind === 'cluster' ? connectCluster(location, timeouts) : connectServer(location, timeouts);
}

function commonOptions(location: RedisLocation, timeouts: RedisTimeouts) {
  return {
    connectTimeout: timeouts.connect,
    commandTimeout: timeouts.command,
    // Disconnects from a server that accepts commands and does not answer, so that a failover is noticed.
    socketTimeout: timeouts.command,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // After a failover the old primary rejects writes; a new connection goes to the new primary.
    reconnectOnError: (error: Error) => /\bREADONLY\b/.test(error.message),
    ...defined({
      username: location.username,
      password: location.password,
      tls: location.tls ? {} : undefined,
    }),
  } satisfies CommonRedisOptions & { tls?: object };
}

function connectServer(location: RedisLocation, timeouts: RedisTimeouts): Redis {
  return new Redis({
    ...commonOptions(location, timeouts),
    ...(location.kind === 'sentinel' ? sentinelOptions(location, timeouts) : location.addresses[0]),
    db: location.db,
    enableOfflineQueue: false,
    retryStrategy: retryDelay,
  });
}

/**
 * Each new connection asks a sentinel for the primary. The failover detector of ioredis is not used, because its
 * connections cannot be closed. A failover is noticed without it: Sentinel disconnects the clients of a demoted
 * primary, and `socketTimeout` disconnects from a primary that hangs.
 */
function sentinelOptions(location: RedisLocation, timeouts: RedisTimeouts) {
  return {
    sentinels: location.addresses.map(({ host, port }) => ({ host, port })),
    ...defined({
      name: location.masterName,
      sentinelUsername: location.sentinelUsername,
      sentinelPassword: location.sentinelPassword,
    }),
    ...(location.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
    sentinelCommandTimeout: timeouts.connect,
    sentinelRetryStrategy: retryDelay,
  } satisfies SentinelConnectionOptions;
}

function connectCluster(location: RedisLocation, timeouts: RedisTimeouts): Cluster {
  return new Cluster(
    location.addresses.map(({ host, port }) => ({ host, port })),
    {
      redisOptions: commonOptions(location, timeouts),
      clusterRetryStrategy: retryDelay,
      retryDelayOnFailover: 0,
      slotsRefreshTimeout: timeouts.connect,
      // Keeps host names: a certificate does not match the address that a name resolves to.
      ...(location.tls ? { dnsLookup: (host, found) => found(null, host) } : {}),
    },
  );
}
