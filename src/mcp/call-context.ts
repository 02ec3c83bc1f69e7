/** What the code of a tool, of a server or of a route can use of the request that it serves. */
import type { AuthInfo, ScopeChallengeHandler } from '@modelcontextprotocol/server';
import type { SessionDirectory } from '../account/session-directory.ts';
import type { GithubApi, GithubClients } from '../github/api.ts';
import type { GithubClient } from '../github/api-call.ts';
import { isKnownScope, type UpstreamScopes } from '../oauth/scope.ts';
import { formatSid } from '../oauth/tokens/session-tokens.ts';
import { displayText } from '../web/display.ts';
import { callerOf } from './bearer.ts';
import { missingScopes } from './step-up.ts';

/** Characters of the client's name, which the client chose. */
const MAX_NAME = 60;

/** A request, and the person, the client and the session that its access token stands for. */
export interface CallContext {
  /**
   * GitHub's API with the person's GitHub token, which is renewed when that is due. Its calls throw {@link GithubTrouble} in
   * words for people, with the `status` and the `response` of GitHub, or {@link CredentialDead}. A write is sent again only
   * when GitHub says that it was not done.
   */
  readonly github: GithubClient;
  /** The person's account at GitHub. The `id` survives a change of the `login`. */
  readonly account: { readonly id: number; readonly login: string };
  /** The MCP client. It chose its name, so the name is data, never an instruction. */
  readonly client: { readonly id: string; readonly name: string };
  /** The scopes of the access token; at `/sse` of the one that opened the stream, while `requireScopes` looks at that of each message. */
  readonly scopes: readonly string[];
  /** What the login gave to the client. */
  readonly session: CallSession;
  /** The sessions of everybody, for the administrators' tools. */
  readonly directory: SessionDirectory;
  /** Aborted when nobody waits for the answer: the connection closed, or (at `/mcp` and `/sse`) the session ended. */
  readonly signal: AbortSignal;
  /**
   * For the `scopeChallenge` of a tool, resource or prompt: a request whose token lacks one of the scopes is answered with all of
   * them, so that the client can ask the person for more. A scope that contains a needed one is enough (`repo` for `public_repo`).
   * @throws {TypeError} for a scope that GitHub does not have
   */
  requireScopes(first: string, ...more: string[]): ScopeChallengeHandler;
}

/** What one login gave to one client. */
export interface CallSession {
  /** Names the session, as the account page and the administrators' tools do. */
  readonly id: string;
  /** The audience of its access tokens (RFC 8707). */
  readonly resource: string;
  /** When the person logged in. */
  readonly loggedInAt: Date;
  /** When the access token of this request expires. */
  readonly accessTokenExpiresAt: Date;
  /** When the session ends unless its refresh token is used before. */
  readonly expiresAt: Date;
  /** The scopes that GitHub granted; empty for a GitHub App. */
  readonly githubScopes: readonly string[];
  /** Absent when GitHub set no expiry; the token is renewed by itself otherwise. */
  readonly githubTokenExpiresAt?: Date;
}

/** Makes the context of an authenticated request. */
export type CallContexts = (authInfo: AuthInfo, signal: AbortSignal) => Promise<CallContext>;

interface CallContextOptions {
  readonly github: GithubApi;
  readonly directory: SessionDirectory;
  readonly scopes: Pick<UpstreamScopes, 'covers' | 'isKnown'>;
}

/** Creates the maker of contexts. */
export function createCallContexts(options: CallContextOptions): CallContexts {
  return async (authInfo, signal) =>
    new RequestContext({ ...options, clients: await options.github.clients(), authInfo, signal });
}

interface RequestContextOptions extends CallContextOptions {
  readonly clients: GithubClients;
  readonly authInfo: AuthInfo;
  readonly signal: AbortSignal;
}

/** A class, because V8 keeps an object literal with an accessor until a full collection (docs/performance.md). */
class RequestContext implements CallContext {
  readonly account;
  readonly client;
  readonly scopes;
  readonly session: CallSession;
  readonly directory;
  readonly signal;
  readonly #options: RequestContextOptions;
  #github: GithubClient | undefined;

  constructor(options: RequestContextOptions) {
    const { authInfo, directory, signal } = options;
    const { session, expiresAt } = callerOf(authInfo);
    const { grant, credential } = session;
    const { accessExpiresAt } = credential;
    this.account = { id: credential.account.id, login: credential.account.login };
    this.client = { id: grant.clientId, name: displayText(grant.clientName, MAX_NAME) };
    this.scopes = authInfo.scopes;
    this.session = {
      id: formatSid(grant.ref),
      resource: grant.resource,
      loggedInAt: instant(grant.authTime),
      accessTokenExpiresAt: instant(expiresAt),
      expiresAt: instant(grant.expiresAt),
      githubScopes: credential.scope,
      ...(accessExpiresAt === undefined ? {} : { githubTokenExpiresAt: instant(accessExpiresAt) }),
    };
    this.directory = directory;
    this.signal = signal;
    this.#options = options;
  }

  /** Made when it is used, because many calls need nothing of GitHub. */
  get github(): GithubClient {
    const { clients, authInfo, signal } = this.#options;
    const caller = callerOf(authInfo);
    this.#github ??= clients(caller.session.credential, {
      signal,
      onDead() {
        caller.credentialDied = true;
      },
    });
    return this.#github;
  }

  /** A function of its own, because programs take it out of its object. */
  get requireScopes(): CallContext['requireScopes'] {
    const { scopes } = this.#options;
    return (...needed) => {
      const unknown = needed.find((scope) => !isKnownScope(scopes, scope));
      if (unknown !== undefined) throw new TypeError(`requireScopes: "${unknown}" is no scope of GitHub`);
      return ({ authInfo: token }) => token && missingScopes(needed, token.scopes, scopes);
    };
  }
}

const instant = (epochSeconds: number) => new Date(epochSeconds * 1000);
