/**
 * GitHub tokens that go to other MCP servers (`../gateway/`). Only GitHub's word ends a session (design decision 10), so a
 * server that refuses a token cannot log anybody out: GitHub is asked.
 */
import { LRUCache } from 'lru-cache';
import type { CredentialState, Session } from '../store/records.ts';
import type { SessionStore } from '../store/store.ts';
import type { GithubApi } from './api.ts';
import type { Credentials } from './credentials.ts';
import { GithubUnavailable } from './oauth-app.ts';
import { CredentialDead, notRenewed } from './trouble.ts';

/** Milliseconds for which it is remembered what GitHub said of a token, or that it said nothing. */
const REMEMBERED_FOR = 30_000;
const MAX_REMEMBERED = 10_000;

export interface TokenForwarding {
  /**
   * The session of a call with its credential refreshed, when that is due.
   * @throws {GithubTrouble} when the credential has expired and GitHub does not answer
   * @throws {CredentialDead} when the session has ended
   */
  fresh(session: Session): Promise<Session>;
  /** The access token. @throws {SealBroken} */
  accessToken(credential: CredentialState): string;
  /**
   * Another server refused the token of a session: asks GitHub whether it is alive, once for all who ask at the same time, and
   * at most once in {@link REMEMBERED_FOR}.
   * @returns the session with another token, to try again; undefined when the token is alive, or GitHub does not say
   * @throws {CredentialDead} when the session has ended
   */
  afterRefusal(session: Session): Promise<Session | undefined>;
}

interface ForwardingOptions {
  readonly credentials: Credentials;
  readonly api: GithubApi;
  readonly sessions: Pick<SessionStore, 'read'>;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Creates the forwarding. */
export function createTokenForwarding({ credentials, api, sessions, now }: ForwardingOptions): TokenForwarding {
  const asked = new LRUCache<string, Promise<void>>({
    max: MAX_REMEMBERED,
    ttl: REMEMBERED_FOR,
    perf: { now: () => now() * 1000 },
    ttlResolution: 0,
  });

  /**
   * The session as it is now. A token that is newer than the session goes to its server only while the session lives: what ended
   * it before had the older tokens reset, not this one (design decision 9).
   */
  async function current({ grant }: Session): Promise<Session> {
    const session = await sessions.read(grant.ref);
    if (session === undefined) throw new CredentialDead('the session has ended');
    return session;
  }

  return {
    async fresh(session) {
      try {
        const { generation } = await credentials.fresh(session.credential);
        return generation === session.credential.generation ? session : await current(session);
      } catch (error) {
        throw error instanceof GithubUnavailable ? notRenewed(error) : error;
      }
    },
    accessToken: credentials.accessToken,
    async afterRefusal(session) {
      const { person, id, generation } = session.credential;
      const key = `${person}:${id}:${generation}`;
      let answer = asked.get(key);
      if (answer === undefined) {
        // The API has the whole lifecycle: after a 401 of GitHub it refreshes the credential, or ends it.
        answer = api.askWhetherAlive(session.credential);
        asked.set(key, answer);
        answer.catch(() => asked.delete(key));
      }
      await answer;
      const now = await current(session);
      return now.credential.generation === generation ? undefined : now;
    },
  };
}
