/**
 * GitHub's token pairs as the store keeps them: sealed for one credential, with their expiries beside them in the
 * clear.
 */
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { defined } from '../base/defined.ts';
import type { Secrets } from '../security/secrets.ts';
import type { Credential } from '../store/records.ts';
import type { GithubTokens } from './oauth-app.ts';

/** An access token is refreshed this many seconds before its expiry. */
const REFRESH_AHEAD = 300;

/** Pairs that stay unsealed in memory, and milliseconds for which they do: the calls of a session use one many times. */
const MAX_OPEN = 1000;
const OPEN_FOR = 10_000;

const pairSchema = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** Epoch seconds from which an expiring access token is refreshed. */
  renewFrom: z.number().optional(),
});
/** A token pair, unsealed. */
type TokenPair = z.infer<typeof pairSchema>;

/** The members of a credential that hold its tokens. */
export type SealedTokens = Pick<Credential, 'sealedTokens' | 'accessExpiresAt' | 'refreshExpiresAt'>;

export interface TokenSeal {
  /** Seals tokens that GitHub has just issued. @param id the id of the credential */
  seal(person: string, id: string, tokens: GithubTokens): SealedTokens;
  /** Unseals a token pair. @throws {SealBroken} */
  open(person: string, id: string, sealedTokens: string): TokenPair;
  /** The same pair sealed with the newest secret; undefined when it already is. @throws {SealBroken} */
  resealed(person: string, id: string, sealedTokens: string): string | undefined;
  /**
   * Whether an access token with this expiry may be due for a refresh, without unsealing the pair. If so, `renewFrom`
   * in the pair decides.
   */
  mayBeDue(accessExpiresAt: number): boolean;
}

/** Creates the seal of token pairs. @param now returns epoch seconds */
export function createTokenSeal(secrets: Secrets, now: () => number): TokenSeal {
  const identity = (person: string, id: string) => `credential:${person}:${id}`;
  const open = new LRUCache<string, TokenPair>({ max: MAX_OPEN, ttl: OPEN_FOR });
  const inSeconds = (seconds: number | undefined) => (seconds === undefined ? undefined : now() + seconds);
  return {
    seal(person, id, { accessToken, refreshToken, expiresIn, refreshExpiresIn }) {
      const pair: TokenPair = {
        accessToken,
        ...defined({ refreshToken, renewFrom: inSeconds(expiresIn === undefined ? undefined : dueAfter(expiresIn)) }),
      };
      return {
        sealedTokens: secrets.seal(JSON.stringify(pair), identity(person, id)),
        ...defined({ accessExpiresAt: inSeconds(expiresIn), refreshExpiresAt: inSeconds(refreshExpiresIn) }),
      };
    },
    open(person, id, sealedTokens) {
      // With the identity in the key, a sealed pair that was moved to another credential does not open here either.
      const key = `${identity(person, id)} ${sealedTokens}`;
      let pair = open.get(key);
      if (pair === undefined) {
        pair = pairSchema.parse(JSON.parse(secrets.open(sealedTokens, identity(person, id))));
        open.set(key, pair);
      }
      return pair;
    },
    resealed: (person, id, sealedTokens) =>
      secrets.isCurrent(sealedTokens)
        ? undefined
        : secrets.seal(secrets.open(sealedTokens, identity(person, id)), identity(person, id)),
    mayBeDue: (accessExpiresAt) => accessExpiresAt - now() <= REFRESH_AHEAD,
  };
}

/**
 * The age in seconds at which an access token is refreshed: {@link REFRESH_AHEAD} before its expiry. A token with a
 * short lifetime is refreshed at half of it, so that not every call refreshes it.
 */
function dueAfter(expiresIn: number): number {
  return Math.max(expiresIn - REFRESH_AHEAD, Math.floor(expiresIn / 2));
}
