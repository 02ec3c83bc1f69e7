/**
 * GitHub's token pairs as the store keeps them: sealed for one credential, with the instants they expire at beside
 * them.
 */
import { z } from 'zod';
import { defined } from '../base/defined.ts';
import type { Secrets } from '../security/secrets.ts';
import type { Credential } from '../store/records.ts';
import type { GithubTokens } from './oauth-app.ts';

/** Seconds before its expiry at which an access token is refreshed. */
const REFRESH_AHEAD = 300;

const pairSchema = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** When an expiring access token is due, in epoch seconds. */
  renewFrom: z.number().optional(),
});
/** A token pair, unsealed. */
type TokenPair = z.infer<typeof pairSchema>;

/** What a credential keeps of its tokens. */
export type SealedTokens = Pick<Credential, 'sealedTokens' | 'accessExpiresAt' | 'refreshExpiresAt'>;

export interface TokenSeal {
  /** The sealed form of tokens that GitHub gave just now. */
  seal(person: string, id: string, tokens: GithubTokens): SealedTokens;
  /** @throws {SealBroken} */
  open(person: string, id: string, sealedTokens: string): TokenPair;
  /** The same pair sealed under the newest secret; undefined when it is already. @throws {SealBroken} */
  resealed(person: string, id: string, sealedTokens: string): string | undefined;
  /** Whether a token of that expiry can be due already: what its pair says counts. */
  mayBeDue(accessExpiresAt: number): boolean;
}

/** @param now epoch seconds */
export function createTokenSeal(secrets: Secrets, now: () => number): TokenSeal {
  const identity = (person: string, id: string) => `credential:${person}:${id}`;
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
    open: (person, id, sealedTokens) => pairSchema.parse(JSON.parse(secrets.open(sealedTokens, identity(person, id)))),
    resealed: (person, id, sealedTokens) =>
      secrets.isCurrent(sealedTokens)
        ? undefined
        : secrets.seal(secrets.open(sealedTokens, identity(person, id)), identity(person, id)),
    mayBeDue: (accessExpiresAt) => accessExpiresAt - now() <= REFRESH_AHEAD,
  };
}

/**
 * A token that lives shorter than we like to be ahead is refreshed at half its life, so that not every call refreshes
 * it.
 */
function dueAfter(expiresIn: number): number {
  return Math.max(expiresIn - REFRESH_AHEAD, Math.floor(expiresIn / 2));
}
