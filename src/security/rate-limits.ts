/**
 * Rate limits, by address: registrations, authorization requests, and failures. A token request that succeeds is never
 * limited, so nobody's session ends by what a stranger does who shares an address with him (design decision 17).
 */
import type { Cluster, Redis } from 'ioredis';
import ipaddr from 'ipaddr.js';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { EventBus } from '../observe/events.ts';

/** An address did too much: 429 with Retry-After. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests';
  /** Seconds. */
  readonly retryAfter: number;

  constructor(limit: string, retryAfter: number) {
    super(`too many requests: ${limit}`);
    this.retryAfter = retryAfter;
  }
}

export interface RateLimit {
  /** Counts one for an address. @throws {TooManyRequests} when it had its share */
  consume(address: string): Promise<void>;
}

export interface RateLimits {
  readonly registration: RateLimit;
  /** Authorization requests, each of which the store keeps until the person decides. */
  readonly authorization: RateLimit;
  /** Requests refused for what they brought: unknown clients, codes, tokens. */
  readonly failures: RateLimit;
}

/** Failures an address may cause in {@link WINDOW}; generous, because hosted clients share addresses. */
const FAILURES = 300;
/** Authorization requests of an address in {@link WINDOW}; people behind one address share it. */
const AUTHORIZATIONS = 600;
/** Seconds. */
const WINDOW = 300;

/**
 * @param redis where replicas share their counts; in memory without it, and while it is down
 * @param keyPrefix of the keys in Redis
 */
export function createRateLimits(
  options: { registrationsPerHour: number; keyPrefix: string; redis?: Redis | Cluster },
  events: EventBus,
): RateLimits {
  const limit = (name: string, points: number, duration: number): RateLimit => {
    const memory = new RateLimiterMemory({ points, duration, keyPrefix: name });
    const limiter =
      options.redis === undefined
        ? memory
        : new RateLimiterRedis({
            storeClient: options.redis,
            points,
            duration,
            keyPrefix: `${options.keyPrefix}limit:${name}`,
            insuranceLimiter: memory,
          });
    return {
      async consume(address) {
        try {
          await limiter.consume(network(address));
        } catch (refused) {
          if (!(refused instanceof RateLimiterRes)) throw refused;
          events.emit('rate.limited', { limit: name });
          throw new TooManyRequests(name, Math.max(1, Math.ceil(refused.msBeforeNext / 1000)));
        }
      },
    };
  };
  return {
    registration: limit('registration', options.registrationsPerHour, 3600),
    authorization: limit('authorization', AUTHORIZATIONS, WINDOW),
    failures: limit('failures', FAILURES, WINDOW),
  };
}

/** Whoever holds an IPv6 address holds its /64. */
function network(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toNormalizedString().split(':').slice(0, 4).join(':');
}
