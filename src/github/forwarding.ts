/**
 * GitHub tokens that go to other MCP servers (`../gateway/`). Only GitHub's word ends a session (design decision 10), so a
 * server that refuses a token cannot log anybody out: GitHub is asked.
 */
import { LRUCache } from 'lru-cache';
import type { CredentialState } from '../store/records.ts';
import type { CredentialStore } from '../store/store.ts';
import type { GithubApi } from './api.ts';
import type { Credentials } from './credentials.ts';
import { GithubUnavailable } from './oauth-app.ts';
import { CredentialDead, GithubTrouble } from './trouble.ts';

/** Milliseconds for which it is remembered what GitHub said of a token, or that it said nothing. */
const REMEMBERED_FOR = 30_000;
const MAX_REMEMBERED = 10_000;

export interface TokenForwarding {
  /**
   * The credential of a call, refreshed when that is due.
   * @throws {GithubTrouble} when it has expired and GitHub does not answer
   * @throws {CredentialDead}
   */
  fresh(credential: CredentialState): Promise<CredentialState>;
  /** The access token. @throws {SealBroken} */
  accessToken(credential: CredentialState): string;
  /**
   * Another server refused the token of a credential: asks GitHub whether it is alive, once for all who ask at the same
   * time, and at most once in {@link REMEMBERED_FOR}.
   * @returns the credential with another token, to try again; undefined when the token is alive, or GitHub does not say
   * @throws {CredentialDead} when the session has ended
   */
  afterRefusal(credential: CredentialState): Promise<CredentialState | undefined>;
}

interface ForwardingOptions {
  readonly credentials: Credentials;
  readonly api: GithubApi;
  readonly store: Pick<CredentialStore, 'read'>;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Creates the forwarding. */
export function createTokenForwarding({ credentials, api, store, now }: ForwardingOptions): TokenForwarding {
  const asked = new LRUCache<string, Promise<CredentialState | undefined>>({
    max: MAX_REMEMBERED,
    ttl: REMEMBERED_FOR,
    perf: { now: () => now() * 1000 },
    ttlResolution: 0,
  });

  /** The API has the whole lifecycle: after a 401 of GitHub it refreshes the credential, or ends it. */
  async function ask(credential: CredentialState): Promise<CredentialState | undefined> {
    try {
      await api.get(credential, '/user');
    } catch (error) {
      if (!(error instanceof GithubTrouble)) throw error;
    }
    const current = await store.read(credential.person, credential.id);
    if (current === undefined) throw new CredentialDead('the credential is gone');
    return current.generation === credential.generation ? undefined : current;
  }

  return {
    async fresh(credential) {
      try {
        return await credentials.fresh(credential);
      } catch (error) {
        if (!(error instanceof GithubUnavailable)) throw error;
        throw new GithubTrouble('unavailable', 'GitHub could not renew the access; the session is kept', {
          retryAfter: error.retryAfter ?? 30,
          cause: error,
        });
      }
    },
    accessToken: credentials.accessToken,
    afterRefusal(credential) {
      const key = `${credential.person}:${credential.id}:${credential.generation}`;
      let answer = asked.get(key);
      if (answer === undefined) {
        answer = ask(credential);
        asked.set(key, answer);
        answer.catch(() => asked.delete(key));
      }
      return answer;
    },
  };
}
