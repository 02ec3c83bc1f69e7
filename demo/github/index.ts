/**
 * A simulated GitHub for demos, tests and benchmarks: the OAuth web flow and the REST routes that the bridge uses, as
 * GitHub documents them. This file connects the parts, and has the methods with which tests observe and change them.
 *
 * The web pages are at the root, the API is under /api/v3, as at GitHub Enterprise Server, and a stand-in for GitHub's MCP
 * server is at /mcp/.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import { demoAccounts, type SimulatedAccount, type SimulatedMembership } from './accounts.ts';
import type { SimulatedApp } from './apps.ts';
import { BrowserSessions } from './browser-sessions.ts';
import { Calls, type RecordedCall } from './calls.ts';
import { Credentials, type RandomToken, type TokenRecord } from './credentials.ts';
import { type AccountRef, Directory } from './directory.ts';
import { Documents } from './documents.ts';
import { type Fault, Faults } from './faults.ts';
import type { McpServerKind } from './mcp/authorization.ts';
import { createMcpEndpoint } from './mcp/index.ts';
import { RateLimits } from './rate-limits.ts';
import { normalizeScopes } from './scopes.ts';
import { createServerApp } from './server.ts';
import { deliverRevocation, type WebhookDelivery } from './webhooks.ts';

export type { SimulatedAccount, SimulatedEmail, SimulatedMembership, SimulatedRepository } from './accounts.ts';
export { demoAccounts } from './accounts.ts';
export type { SimulatedApp } from './apps.ts';
export type { RecordedCall } from './calls.ts';
export type { AccountRef } from './directory.ts';
export type { Fault, FaultEffect } from './faults.ts';
export type { WebhookDelivery } from './webhooks.ts';

export interface SimulatedGitHubOptions {
  apps: SimulatedApp[];
  /** Default: {@link demoAccounts}. */
  accounts?: SimulatedAccount[];
  /** The clock in epoch milliseconds; default: `Date.now`. */
  now?: () => number;
  /** Whether callbacks have `iss`; a string is sent as it is. Default: true, but false with `enterprise`. */
  issInCallback?: boolean | string;
  /** Behaves like GitHub Enterprise Server: no PKCE, no `prompt`, no account picker, no metadata, no rate limits. */
  enterprise?: boolean;
  /**
   * Which of GitHub's MCP servers is at /mcp/ (demo/github/mcp/authorization.ts): `remote`, the default, answers 401 to a
   * token that is not valid; `local`, the default with `enterprise`, fails calls of tools with it.
   */
  mcpServer?: McpServerKind;
  randomToken?: RandomToken;
  /** Requests per person and hour; default: 5000. */
  rateLimitPerHour?: number;
  /** The origin in documents and redirects; default: the address that the server listens at. */
  publicUrl?: string;
}

/** A valid token. */
interface LiveToken {
  token: string;
  kind: SimulatedApp['kind'];
  clientId: string;
  accountId: number;
  login: string;
  scopes: readonly string[];
  /** Epoch milliseconds. */
  expiresAt?: number;
  refreshToken?: string;
}

export interface SimulatedGitHub {
  /** Listens. Default: a free port (0) on 127.0.0.1. @returns the origin */
  listen(port?: number, host?: string): Promise<string>;
  /** Closes the server and all open connections. */
  close(): Promise<void>;
  /** The origin. @throws {Error} before the server listens */
  readonly url: string;
  /** The address of the stand-in for GitHub's MCP server. @throws {Error} before the server listens */
  readonly mcpUrl: string;

  /** The recorded requests, in the order of their arrival. */
  readonly calls: readonly RecordedCall[];
  callsTo(method: string, path: string | RegExp): RecordedCall[];
  /** Resolves with the next matching request (`*` is any method). */
  nextCall(method: string, path: string | RegExp): Promise<RecordedCall>;
  clearCalls(): void;

  fault(fault: Fault): void;
  /** Deletes the faults that were not applied yet, and lets hanging requests continue. */
  clearFaults(): void;

  /** The accounts themselves, not copies: a change to an object takes effect at once. */
  readonly accounts: readonly SimulatedAccount[];
  account(ref: AccountRef): SimulatedAccount;
  app(clientId: string): SimulatedApp;
  addAccount(account: SimulatedAccount): void;
  renameAccount(ref: AccountRef, login: string): void;
  addToOrganization(ref: AccountRef, membership: SimulatedMembership): void;
  removeFromOrganization(ref: AccountRef, organization: string): void;

  liveTokens(filter?: { account?: AccountRef; clientId?: string }): LiveToken[];
  /** Issues a token without the web flow, and records the authorization. */
  issueToken(grant: { account: AccountRef; clientId: string; scopes?: string[] }): LiveToken;
  /** Revokes an access token and its refresh token without a webhook; false when it was not valid. */
  revokeToken(token: string): boolean;
  /** The scopes that the account granted to the app; `undefined` when the app is not authorized. */
  authorizedScopes(account: AccountRef, clientId: string): readonly string[] | undefined;
  /** Revokes the app as a person does in the settings, with all tokens. @returns the delivery of the app's webhook */
  revokeAuthorization(account: AccountRef, clientId: string): Promise<WebhookDelivery | undefined>;
  /** Sets the scopes that the next authorization (of this account, or of any) grants instead of the requested ones. */
  grantNext(grant: { scopes: string[]; account?: AccountRef }): void;
  /** Sets how many requests the account can still make in this hour. */
  setRateLimitRemaining(account: AccountRef, remaining: number): void;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const randomText: RandomToken = (length) => Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** Creates a simulated GitHub; call `listen` to start it. */
export function createSimulatedGitHub(options: SimulatedGitHubOptions): SimulatedGitHub {
  const now = options.now ?? Date.now;
  const enterprise = options.enterprise ?? false;
  const issInCallback = options.issInCallback ?? !enterprise;
  const directory = new Directory(options.accounts ?? demoAccounts(), options.apps);
  const credentials = new Credentials(now, options.randomToken ?? randomText);
  const sessions = new BrowserSessions(directory);
  const limits = new RateLimits(now, options.rateLimitPerHour ?? 5000);
  const calls = new Calls();
  const faults = new Faults(now);
  const documents = new Documents(origin);
  const nextGrants: { scopes: string[]; accountId: number | undefined }[] = [];
  let listeningAt: string | undefined;

  function origin(): string {
    const known = options.publicUrl ?? listeningAt;
    if (known === undefined) throw new Error('the simulated GitHub does not listen yet');
    return known;
  }

  function issuer(): string | undefined {
    if (typeof issInCallback === 'string') return issInCallback;
    return issInCallback ? `${origin()}/login/oauth` : undefined;
  }

  function takeNextGrant({ id }: SimulatedAccount): readonly string[] | undefined {
    const index = nextGrants.findIndex(({ accountId }) => accountId === undefined || accountId === id);
    return index === -1 ? undefined : nextGrants.splice(index, 1)[0]?.scopes;
  }

  async function revokeAuthorization(ref: AccountRef, clientId: string): Promise<WebhookDelivery | undefined> {
    const account = directory.account(ref);
    const app = directory.app(clientId);
    if (!credentials.revokeAuthorization(account.id, clientId)) return undefined;
    return deliverRevocation(app, account, documents);
  }

  function liveToken(record: TokenRecord): LiveToken {
    const { token, app, accountId, scopes, expiresAt, refresh } = record;
    return {
      token,
      kind: app.kind,
      clientId: app.clientId,
      accountId,
      login: directory.account(accountId).login,
      scopes,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(refresh === undefined ? {} : { refreshToken: refresh.token }),
    };
  }

  const parts = { directory, credentials, sessions, limits, documents, calls, faults };
  const flow = { now, enterprise, origin, issuer, takeNextGrant, revokeAuthorization };
  const mcpServer = options.mcpServer ?? (enterprise ? 'local' : 'remote');
  const mcp = createMcpEndpoint({ credentials, origin, mcpServer, apiUrl: () => listeningAt ?? origin() });
  const server = createServer(createServerApp({ ...parts, ...flow, mcp }).callback());

  return {
    listen(port = 0, host = '127.0.0.1') {
      return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const address = server.address();
          const taken = typeof address === 'object' && address !== null ? address.port : port;
          listeningAt = `http://${host.includes(':') ? `[${host}]` : host}:${taken}`;
          resolve(origin());
        });
      });
    },
    async close() {
      faults.clear();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, mcp.close()]);
    },
    get url() {
      return origin();
    },
    get mcpUrl() {
      return `${origin()}/mcp/`;
    },

    calls: calls.list,
    callsTo: (method, path) => calls.to(method, path),
    nextCall: (method, path) => calls.next(method, path),
    clearCalls: () => void calls.list.splice(0),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),

    accounts: directory.accounts,
    account: (ref) => directory.account(ref),
    app: (clientId) => directory.app(clientId),
    addAccount: (account) => directory.addAccount(account),
    renameAccount: (ref, login) => directory.rename(ref, login),
    addToOrganization: (ref, membership) => directory.addMembership(ref, membership),
    removeFromOrganization: (ref, organization) => directory.removeMembership(ref, organization),

    liveTokens({ account, clientId } = {}) {
      const accountId = account === undefined ? undefined : directory.account(account).id;
      const wanted = (record: TokenRecord) =>
        (accountId === undefined || record.accountId === accountId) &&
        (clientId === undefined || record.app.clientId === clientId);
      return credentials.live().filter(wanted).map(liveToken);
    },
    issueToken({ account, clientId, scopes = [] }) {
      const app = directory.app(clientId);
      const accountId = directory.account(account).id;
      const granted = app.kind === 'github-app' ? [] : normalizeScopes(scopes);
      credentials.authorize(accountId, clientId, granted);
      return liveToken(credentials.issueToken({ app, accountId, scopes: granted }));
    },
    revokeToken(token) {
      const record = credentials.findToken(token);
      if (record !== undefined) credentials.revoke(record);
      return record !== undefined;
    },
    authorizedScopes: (account, clientId) => credentials.authorization(directory.account(account).id, clientId)?.scopes,
    revokeAuthorization,
    grantNext({ scopes, account }) {
      const accountId = account === undefined ? undefined : directory.account(account).id;
      nextGrants.push({ scopes: normalizeScopes(scopes), accountId });
    },
    setRateLimitRemaining: (account, remaining) => limits.setRemaining(directory.account(account).id, remaining),
  };
}
