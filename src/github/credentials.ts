/**
 * GitHub credentials in use: unseals their tokens, and refreshes expiring tokens before their expiry. A credential ends
 * only when GitHub itself says that its token is dead (design decision 10).
 */
import { LRUCache } from 'lru-cache';
import type { SessionEnding } from '../oauth/session-ending.ts';
import type { EventBus } from '../observe/events.ts';
import type { CredentialState } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { GithubRefusal, GithubUnavailable } from './oauth-app.ts';
import type { TokenRenewal } from './token-renewal.ts';
import type { TokenSeal } from './token-seal.ts';
import { CredentialDead } from './trouble.ts';

/** Seconds after a failed refresh in which a credential with a valid access token is not refreshed again. */
const RETRY_AFTER_FAILURE = 30;
/** Generations of which this process remembers that their refresh failed. */
const MAX_REMEMBERED_GENERATIONS = 1000;

export interface Credentials {
  /**
   * Refreshes a credential if that is due and GitHub answers.
   * @returns the refreshed credential, or the same one
   * @throws {GithubUnavailable} when the access token has expired and GitHub does not answer
   * @throws {CredentialDead} when the credential was deleted in the meantime
   */
  fresh(credential: CredentialState): Promise<CredentialState>;
  /** The access token of a credential. @throws {SealBroken} */
  accessToken(credential: CredentialState): string;
  /**
   * Called after GitHub answered 401 for a credential: refreshes it, or ends it together with its grants.
   * @returns the credential with which to try once more
   * @throws {CredentialDead} when the credential has ended
   * @throws {GithubUnavailable} when GitHub does not answer the refresh
   */
  afterRefusal(credential: CredentialState): Promise<CredentialState>;
}

interface CredentialOptions {
  readonly store: Store;
  readonly seal: TokenSeal;
  readonly events: EventBus;
  readonly renewal: TokenRenewal;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly sessionEnding: SessionEnding;
}

/** Creates the credentials of one replica. */
export function createCredentials(options: CredentialOptions): Credentials {
  const { store, seal, events, renewal, now, sessionEnding } = options;
  /** Generations whose refresh GitHub did not answer, with the epoch second before which it is not tried again. */
  const notBefore = new LRUCache<string, number>({ max: MAX_REMEMBERED_GENERATIONS });

  async function read(credential: CredentialState): Promise<CredentialState> {
    const current = await store.credentials.read(credential.person, credential.id);
    if (current === undefined) throw new CredentialDead('the credential is gone');
    return current;
  }

  /**
   * Ends a credential and its grants, unless it was refreshed in the meantime.
   * @returns the refreshed credential
   * @throws {CredentialDead} when the credential has ended
   */
  async function end(credential: CredentialState): Promise<CredentialState> {
    const { person, id, generation } = credential;
    const ended = await store.credentials.end(person, id, generation);
    // Another request refreshed the credential, or ended it and emitted the event; read() tells which.
    if (ended.length === 0) return read(credential);
    events.emit('credential.dead', { person, credential: id });
    await sessionEnding.afterStoreEnded(person, ended, 'upstream_revoked', 'upstream');
    throw new CredentialDead('GitHub answered 401');
  }

  function isDue(credential: CredentialState): boolean {
    const { person, id, sealedTokens, accessExpiresAt } = credential;
    if (accessExpiresAt === undefined || !seal.mayBeDue(accessExpiresAt)) return false;
    return (seal.open(person, id, sealedTokens).renewFrom ?? 0) <= now();
  }

  return {
    accessToken: ({ person, id, sealedTokens }) => seal.open(person, id, sealedTokens).accessToken,
    async fresh(credential) {
      if (!isDue(credential)) return credential;
      const alive = (credential.accessExpiresAt ?? 0) > now();
      if (alive && (notBefore.get(generationOf(credential)) ?? 0) > now()) return credential;
      try {
        return await renewal.renew(credential);
      } catch (error) {
        // If the access token is dead too, GitHub answers 401 when it is used.
        if (error instanceof GithubRefusal) return credential;
        if (!(error instanceof GithubUnavailable)) throw error;
        notBefore.set(generationOf(credential), now() + RETRY_AFTER_FAILURE);
        if (alive) return credential;
        throw error;
      }
    },
    async afterRefusal(credential) {
      const current = await read(credential);
      if (current.generation !== credential.generation) return current;
      const expires = current.accessExpiresAt !== undefined;
      if (!expires && !current.resetDue) return end(current);
      try {
        // While a reset is under way, the old token is dead and the new one is not stored yet.
        return await (expires ? renewal.renew(current) : renewal.alone(current, end));
      } catch (error) {
        if (!(error instanceof GithubRefusal)) throw error;
        if (error.isAboutToken) return end(current);
        throw new GithubUnavailable(error.message, { cause: error });
      }
    },
  };
}

function generationOf({ person, id, generation }: CredentialState): string {
  return `${person}:${id}:${generation}`;
}
