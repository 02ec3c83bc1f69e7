/**
 * GitHub credentials in use: unsealing them, and refreshing expiring ones ahead of time, once across all replicas. Only
 * what GitHub itself says of a token ends anything (design decision 10).
 */
import { z } from 'zod';
import type { EventBus } from '../observe/events.ts';
import { randomToken, type Secrets } from '../security/secrets.ts';
import type { Credential, CredentialState } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { type GithubOAuth, GithubRefusal, type GithubTokens, GithubUnavailable } from './oauth-app.ts';

/** Seconds before its expiry at which a token is refreshed. */
const REFRESH_AHEAD = 300;
/** Seconds one replica may take for a refresh; longer than GitHub's time-out. */
const LEASE = 15;
/** Milliseconds between two looks at a credential that another replica is refreshing. */
const LOOK_AGAIN = 50;

/** GitHub does not accept the credential any more; the grants that used it have ended. */
export class CredentialDead extends Error {
  override readonly name = 'CredentialDead';
}

const pairSchema = z.object({ accessToken: z.string(), refreshToken: z.string().optional() });
type Pair = z.infer<typeof pairSchema>;

export interface Credentials {
  /** The sealed form of tokens, with the instants they expire at. */
  seal(
    person: string,
    id: string,
    tokens: GithubTokens,
  ): Pick<Credential, 'sealedTokens' | 'accessExpiresAt' | 'refreshExpiresAt'>;
  /** The access token in a sealed pair. */
  accessToken(person: string, id: string, sealedTokens: string): string;
  /** The credential with tokens worth trying: refreshed when that is due and GitHub can be asked. */
  fresh(credential: CredentialState): Promise<CredentialState>;
  /**
   * GitHub answered 401 for a credential: renewed by whoever comes first, or ended with its grants.
   * @returns the credential to try once more
   * @throws {CredentialDead}
   * @throws {GithubUnavailable} when it cannot be decided now
   */
  afterRefusal(credential: CredentialState): Promise<CredentialState>;
}

export interface CredentialOptions {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly events: EventBus;
  readonly oauth: GithubOAuth;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Told of people whose grants ended, so that what is left of their tokens is revoked. */
  readonly grantsEnded: (person: string) => void;
}

export function createCredentials(options: CredentialOptions): Credentials {
  const { store, secrets, events, oauth, now } = options;
  const refreshing = new Map<string, Promise<CredentialState>>();
  const owner = randomToken(8);
  const identity = (person: string, id: string) => `credential:${person}:${id}`;
  const open = (person: string, id: string, sealed: string): Pair =>
    pairSchema.parse(JSON.parse(secrets.open(sealed, identity(person, id))));

  function seal(
    person: string,
    id: string,
    tokens: GithubTokens,
  ): Pick<Credential, 'sealedTokens' | 'accessExpiresAt' | 'refreshExpiresAt'> {
    const pair: Pair = {
      accessToken: tokens.accessToken,
      ...(tokens.refreshToken === undefined ? {} : { refreshToken: tokens.refreshToken }),
    };
    return {
      sealedTokens: secrets.seal(JSON.stringify(pair), identity(person, id)),
      ...(tokens.expiresIn === undefined ? {} : { accessExpiresAt: now() + tokens.expiresIn }),
      ...(tokens.refreshExpiresIn === undefined ? {} : { refreshExpiresAt: now() + tokens.refreshExpiresIn }),
    };
  }

  /** One refresh in this process, one lease across all: everybody else gets what the first one brought. */
  function refreshOnce(credential: CredentialState): Promise<CredentialState> {
    const key = identity(credential.person, credential.id);
    let running = refreshing.get(key);
    if (running === undefined) {
      running = underLease(credential).finally(() => refreshing.delete(key));
      refreshing.set(key, running);
    }
    return running;
  }

  async function underLease(credential: CredentialState): Promise<CredentialState> {
    const lease = `refresh:${credential.person}:${credential.id}`;
    const deadline = Date.now() + LEASE * 1000;
    while (!(await store.shared.acquireLease(lease, owner, LEASE))) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
      const current = await read(credential);
      if (current.generation !== credential.generation) return current;
      if (Date.now() > deadline)
        throw new GithubUnavailable('another replica has been refreshing the credential for too long');
    }
    try {
      const current = await read(credential);
      return current.generation === credential.generation ? await refresh(current) : current;
    } finally {
      await store.shared.releaseLease(lease, owner);
    }
  }

  /** Refreshes and stores the new pair before anyone uses it. */
  async function refresh(credential: CredentialState): Promise<CredentialState> {
    const { person, id, generation } = credential;
    const { refreshToken } = open(person, id, credential.sealedTokens);
    if (refreshToken === undefined) throw new GithubRefusal('bad_refresh_token', 'there is none');
    try {
      const sealed = seal(person, id, await oauth.refresh(refreshToken));
      if (!(await store.credentials.replaceTokens(person, id, generation, sealed))) return read(credential);
      events.emit('credential.refreshed', { person, credential: id });
      return { ...credential, ...sealed, generation: generation + 1 };
    } catch (error) {
      events.emit('credential.refresh_failed', {
        person,
        credential: id,
        reason: error instanceof Error ? error.message : 'unknown',
      });
      throw error;
    }
  }

  async function read(credential: CredentialState): Promise<CredentialState> {
    const current = await store.credentials.read(credential.person, credential.id);
    if (current === undefined) throw new CredentialDead('the credential is gone');
    return current;
  }

  async function end(credential: CredentialState, why: string): Promise<never> {
    const ended = await store.credentials.end(credential.person, credential.id, credential.generation);
    if (ended.length === 0) {
      const current = await store.credentials.read(credential.person, credential.id);
      // Renewed in the meantime, by a refresh elsewhere or a new login: nothing is dead.
      if (current !== undefined && current.generation !== credential.generation)
        throw new GithubUnavailable('the credential was renewed meanwhile: try again', { retryAfter: 1 });
    }
    events.emit('credential.dead', { person: credential.person, credential: credential.id });
    for (const { ref, clientId } of ended) events.emit('grant.ended', { clientId, ...ref, reason: 'upstream_revoked' });
    options.grantsEnded(credential.person);
    throw new CredentialDead(why);
  }

  return {
    seal,
    accessToken: (person, id, sealedTokens) => open(person, id, sealedTokens).accessToken,
    async fresh(credential) {
      if (credential.accessExpiresAt === undefined || credential.accessExpiresAt - now() > REFRESH_AHEAD)
        return credential;
      try {
        return await refreshOnce(credential);
      } catch (error) {
        if (error instanceof GithubRefusal) return credential;
        // While the old token lives, GitHub's trouble is nobody's; whether it is dead, GitHub will say.
        if (error instanceof GithubUnavailable && credential.accessExpiresAt > now()) return credential;
        throw error;
      }
    },
    async afterRefusal(credential) {
      const current = await store.credentials.read(credential.person, credential.id);
      if (current === undefined) throw new CredentialDead('the credential is gone');
      if (current.generation !== credential.generation) return current;
      if (current.accessExpiresAt === undefined) return end(current, 'GitHub answered 401');
      try {
        return await refreshOnce(current);
      } catch (error) {
        if (error instanceof GithubRefusal && error.code === 'bad_refresh_token')
          return end(current, 'GitHub answered 401 and refused the refresh');
        if (error instanceof GithubRefusal) throw new GithubUnavailable(error.message, { cause: error });
        throw error;
      }
    },
  };
}
