/**
 * Rate limits by IP address, for what costs: registrations, logins under way, fetches of client documents, and client
 * assertions in vain. An answer that costs nothing is never replaced by 429 (design decision 17).
 */
import type { Cluster, Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { EventBus } from '../observe/events.ts';
import { inRanges, networkOf } from './address-ranges.ts';

/** An address exceeded a limit: the answer is 429 with `Retry-After`. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests';
  /** Seconds. */
  readonly retryAfter: number;
  /** What the operator can do; shown in the answer. */
  readonly advice: string | undefined;

  constructor(limit: string, retryAfter: number, advice?: string) {
    super(`too many requests: ${limit}`);
    this.retryAfter = retryAfter;
    this.advice = advice;
  }
}

export interface RateLimit {
  /** Counts one request of an IP address. @throws {TooManyRequests} when the address has exceeded the limit */
  consume(address: string): Promise<void>;
  /** Takes back one that was counted. */
  giveBack(address: string): Promise<void>;
}

/** The limits; each counts by IP address. */
export interface RateLimits {
  readonly registration: RateLimit;
  /** Logins under way; the store keeps each until the person decides, at most for 15 minutes. */
  readonly authorization: RateLimit;
  /** Fetches of client metadata documents and key sets that are not cached. */
  readonly documents: RateLimit;
  /** Client assertions that led to no tokens: each is checked, and kept so that it counts once. */
  readonly assertions: RateLimit;
}

interface RateLimitOptions {
  readonly registrationsPerHour: number;
  /** Addresses or CIDR ranges whose registrations are not counted. */
  readonly unlimitedRegistrations?: readonly string[];
  /** Prefix of the keys in Redis. */
  readonly keyPrefix: string;
  /** Where replicas share their counts; without it, and while it is down, each counts in memory. */
  readonly redis?: Redis | Cluster;
}

/** Logins that one address may begin in {@link WINDOW}; several people may share an address. */
const MAX_AUTHORIZATIONS = 600;
/** Documents fetched for one address in {@link WINDOW}; one client needs one or two, and its users share them. */
const MAX_DOCUMENTS = 60;
/** Assertions in vain taken from one address in {@link WINDOW}; a high number, because hosted clients share addresses. */
const MAX_VAIN_ASSERTIONS = 300;
/** Seconds. */
const WINDOW = 300;
const REGISTRATION_ADVICE =
  'its operator can raise REGISTRATIONS_PER_HOUR, or name the address in REGISTRATIONS_UNLIMITED';

/** Creates the limits. */
export function createRateLimits(options: RateLimitOptions, events: EventBus): RateLimits {
  const limit = (name: string, points: number, duration: number, advice?: string): RateLimit => {
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
          throw new TooManyRequests(name, Math.max(1, Math.ceil(refused.msBeforeNext / 1000)), advice);
        }
      },
      async giveBack(address) {
        await limiter.reward(networkOf(address));
      },
    };
  };
  const isUnlimited = inRanges(options.unlimitedRegistrations ?? []);
  const registration = limit('registration', options.registrationsPerHour, 3600, REGISTRATION_ADVICE);
  return {
    registration: {
      ...registration,
      consume: async (address) => (isUnlimited(address) ? undefined : registration.consume(address)),
    },
    authorization: limit('authorization', MAX_AUTHORIZATIONS, WINDOW),
    documents: limit('documents', MAX_DOCUMENTS, WINDOW),
    assertions: limit('assertions', MAX_VAIN_ASSERTIONS, WINDOW),
  };
}
