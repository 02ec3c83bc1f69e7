/**
 * Rate limits by IP address, for registrations, authorization requests, fetches of client documents and failures. A token
 * request that succeeds is limited only if it needs such a fetch for a client that is not known to be in use, so that
 * another user of the same address cannot make a session expire (design decision 17).
 */
import type { Cluster, Redis } from 'ioredis';
import ipaddr from 'ipaddr.js';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { EventBus } from '../observe/events.ts';

/** An address exceeded a limit: the answer is 429 with `Retry-After`. */
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
  /** Counts one request of an IP address. @throws {TooManyRequests} when the address has exceeded the limit */
  consume(address: string): Promise<void>;
}

/** The limits; each counts by IP address. */
export interface RateLimits {
  readonly registration: RateLimit;
  /** Authorization requests; the store keeps each until the person decides, at most for 15 minutes. */
  readonly authorization: RateLimit;
  /** Fetches of client metadata documents and key sets that are not cached. */
  readonly documents: RateLimit;
  /** Requests that were refused because of an unknown client, code or token. */
  readonly failures: RateLimit;
}

/** Failures allowed per address in {@link WINDOW}; a high number, because hosted clients share addresses. */
const MAX_FAILURES = 300;
/** Authorization requests allowed per address in {@link WINDOW}; several people may share an address. */
const MAX_AUTHORIZATIONS = 600;
/** Documents fetched for one address in {@link WINDOW}; one client needs one or two, and its users share them. */
const MAX_DOCUMENTS = 60;
/** Seconds. */
const WINDOW = 300;

/**
 * Creates the limits.
 * @param options.redis where replicas share their counts; without it, and while it is down, each counts in memory
 * @param options.keyPrefix prefix of the keys in Redis
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
          await limiter.consume(networkOf(address));
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
    authorization: limit('authorization', MAX_AUTHORIZATIONS, WINDOW),
    documents: limit('documents', MAX_DOCUMENTS, WINDOW),
    failures: limit('failures', MAX_FAILURES, WINDOW),
  };
}

/** What is counted: an IPv4 address, or the /64 of an IPv6 address, because one host can use every address in it. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toNormalizedString().split(':').slice(0, 4).join(':');
}
