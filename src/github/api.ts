/**
 * GitHub's API with a person's token. There is one way to call it: a client of Octokit for one caller, whose requests all go
 * through `api-call.ts`. Errors are GithubTrouble, or CredentialDead when GitHub says that the token is dead.
 */
import { randomUUID } from 'node:crypto';
import { defined } from '../base/defined.ts';
import type { EventBus } from '../observe/events.ts';
import { hashToken } from '../security/secrets.ts';
import type { CredentialState } from '../store/records.ts';
import { createAddressCheck } from './api-addresses.ts';
import { type Access, type ApiResponse, createApiCall, type GithubClient, type Pass } from './api-call.ts';
import type { Credentials } from './credentials.ts';
import { splitScope } from './oauth-app.ts';
import { createSharedAnswers } from './shared-answers.ts';
import { TIMEOUTS, type Timeouts } from './timeouts.ts';
import { BadCredentials, CredentialDead, GithubTrouble, isJson } from './trouble.ts';

/** A successful answer of GitHub's API. */
export interface GithubAnswer {
  /** The parsed body: an object or a list. */
  readonly data: unknown;
  /** The scopes of the token (`X-OAuth-Scopes`); absent when GitHub does not send them. */
  readonly scope?: readonly string[];
}

/** Who uses a client. */
export interface ClientUse {
  /** Ends the calls of the client: what was not sent yet is not sent. */
  readonly signal?: AbortSignal;
  /** Called when GitHub says that the credential is dead, also when the code that called catches the error. */
  readonly onDead?: () => void;
}

/** Creates a client that calls GitHub for one credential. This takes about 50 microseconds. */
export type GithubClients = (credential: CredentialState, use?: ClientUse) => GithubClient;

export interface GithubApi {
  /** Loads the client library, once in a process. @returns what creates the clients */
  clients(): Promise<GithubClients>;
  /**
   * Calls `GET path` for a credential.
   * @param path such as `/user`; parameters are part of it
   * @throws {GithubTrouble | CredentialDead}
   */
  get(credential: CredentialState, path: string): Promise<GithubAnswer>;
  /**
   * Asks GitHub whether a credential is alive.
   * @throws {CredentialDead} when GitHub says that it is not; any other trouble decides nothing (design decision 10)
   */
  askWhetherAlive(credential: CredentialState): Promise<void>;
  /** Calls `GET path` with a token that is not stored as a credential yet. @throws {GithubTrouble | BadCredentials} */
  getWithToken(token: string, path: string): Promise<GithubAnswer>;
}

interface GithubApiOptions {
  readonly apiUrl: string;
  readonly credentials: Credentials;
  readonly events: EventBus;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly timeouts?: Timeouts;
}

/** Creates the API of one process, or of one bridge in it. */
export function createGithubApi(options: GithubApiOptions): GithubApi {
  const { apiUrl, credentials, events, now, timeouts = TIMEOUTS } = options;
  const isOfApi = createAddressCheck(apiUrl);
  const answer = createApiCall({ isOfApi, answers: createSharedAnswers<ApiResponse>(), events, now, timeouts });
  // The throttling plugin keeps its state in its module, which other bridges in this process use too.
  const prefix = randomUUID();

  /** The library, which is loaded at the first call. An `import()` of what is loaded already takes some 7 microseconds each time. */
  let library: Promise<typeof import('./octokit.ts')> | undefined;

  async function createClients(): Promise<(access: Access, use?: ClientUse) => GithubClient> {
    library ??= import('./octokit.ts');
    const { createClient } = await library;
    return (access, { signal, onDead } = {}) =>
      createClient({
        apiUrl,
        throttleId: `${prefix}:${access.id}`,
        async answer(request) {
          try {
            return await answer(request, access, signal);
          } catch (error) {
            if (error instanceof CredentialDead) onDead?.();
            throw error;
          }
        },
      });
  }

  const passOf = (credential: CredentialState): Pass => ({
    token: credentials.accessToken(credential),
    renewed: async () => passOf(await credentials.afterRefusal(credential)),
  });

  const accessOf = (credential: CredentialState): Access => ({
    id: `${credential.person}:${credential.id}`,
    shares: true,
    pass: async () => passOf(await credentials.fresh(credential)),
  });

  /** Access of a token that no credential holds yet. Each login is throttled alone, so that none delays the others. */
  const accessOfToken = (token: string): Access => ({
    id: `token:${hashToken(token)}`,
    shares: false,
    pass: async () => ({
      token,
      async renewed() {
        throw new BadCredentials('GitHub answered 401');
      },
    }),
  });

  async function get(access: Access, path: string): Promise<GithubAnswer> {
    const client = (await createClients())(access);
    const { data, headers } = await client.request(`GET ${path}`);
    if (!isJson(data)) throw new GithubTrouble('unavailable', 'GitHub answered with something that is not JSON');
    const scope = headers['x-oauth-scopes'];
    return { data, ...defined({ scope: scope === undefined ? undefined : splitScope(scope) }) };
  }

  return {
    async clients() {
      const create = await createClients();
      return (credential, use) => create(accessOf(credential), use);
    },
    get: (credential, path) => get(accessOf(credential), path),
    async askWhetherAlive(credential) {
      try {
        await get(accessOf(credential), '/user');
      } catch (error) {
        if (!(error instanceof GithubTrouble)) throw error;
      }
    },
    getWithToken: (token, path) => get(accessOfToken(token), path),
  };
}
