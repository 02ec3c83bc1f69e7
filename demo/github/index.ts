/**
 * A simulated GitHub: the OAuth web flow and the REST routes that the bridge uses, faithful to GitHub's documentation,
 * for demos, tests and benchmarks. Wires the parts together and offers what tests see, change and break.
 *
 * The web side is at the root, the API under /api/v3, as at GitHub Enterprise Server.
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
import { RateLimits } from './rate-limits.ts';
import { normalizeScopes } from './scopes.ts';
import { createServerApp } from './server.ts';
import { deliverRevocation, type WebhookDelivery } from './webhooks.ts';

export type { SimulatedAccount, SimulatedEmail, SimulatedMembership, SimulatedRepository } from './accounts.ts';
export { demoAccounts } from './accounts.ts';
export type { SimulatedApp } from './apps.ts';
export type { RecordedCall } from './calls.ts';
export type { AccountRef } from './directory.ts';
export type { Fault, FaultEffect, FaultKind } from './faults.ts';
export type { WebhookDelivery } from './webhooks.ts';

export interface SimulatedGitHubOptions {
  apps: SimulatedApp[];
  /** {@link demoAccounts} unless given. */
  accounts?: SimulatedAccount[];
  /** Milliseconds. */
  now?: () => number;
  /** `iss` in callbacks; a string sends that one, right or wrong. Default: sent, but not by an Enterprise Server. */
  issInCallback?: boolean | string;
  /** Behaves as GitHub Enterprise Server: no PKCE, no `prompt` and account picker, no metadata, no rate limits. */
  enterprise?: boolean;
  randomToken?: RandomToken;
  /** Requests per person and hour; 5000 unless given. */
  rateLimitPerHour?: number;
  /** The origin in documents, when it is reached by another name than the one it listens at. */
  publicUrl?: string;
}

/** A token that works now. */
interface LiveToken {
  token: string;
  kind: SimulatedApp['kind'];
  clientId: string;
  accountId: number;
  login: string;
  scopes: readonly string[];
  /** Milliseconds. */
  expiresAt?: number;
  refreshToken?: string;
}

export interface SimulatedGitHub {
  /** Listens and resolves to the origin. Port 0 (the default) takes a free one; the host is 127.0.0.1 unless given. */
  listen(port?: number, host?: string): Promise<string>;
  /** Closes the server and every open connection. */
  close(): Promise<void>;
  /** The origin. @throws Error before it listens. */
  readonly url: string;

  /** Every request that reached it, in order. */
  readonly calls: readonly RecordedCall[];
  callsTo(method: string, path: string | RegExp): RecordedCall[];
  /** Resolves when the next such request arrives (`*` is any method). */
  nextCall(method: string, path: string | RegExp): Promise<RecordedCall>;
  clearCalls(): void;

  fault(fault: Fault): void;
  /** Forgets the faults that have not struck and lets go on the requests that hang. */
  clearFaults(): void;

  /** The accounts and apps as they are: changes to these objects count at once. */
  readonly accounts: readonly SimulatedAccount[];
  account(ref: AccountRef): SimulatedAccount;
  app(clientId: string): SimulatedApp;
  addAccount(account: SimulatedAccount): void;
  renameAccount(ref: AccountRef, login: string): void;
  addToOrganization(ref: AccountRef, membership: SimulatedMembership): void;
  removeFromOrganization(ref: AccountRef, organization: string): void;

  liveTokens(filter?: { account?: AccountRef; clientId?: string }): LiveToken[];
  /** Makes a token without the web flow; the authorization is remembered. */
  issueToken(grant: { account: AccountRef; clientId: string; scopes?: string[] }): LiveToken;
  /** Kills an access token (and its refresh token) silently; false when it was not alive. */
  revokeToken(token: string): boolean;
  /** What the app was granted by the account; `undefined` when not authorized. */
  authorizedScopes(account: AccountRef, clientId: string): readonly string[] | undefined;
  /** As the person does in the settings: kills all tokens; the webhook's delivery, when the app has one. */
  revokeAuthorization(account: AccountRef, clientId: string): Promise<WebhookDelivery | undefined>;
  /** The scopes that the next authorization (of this account, or of anyone) grants, whatever is asked for. */
  grantNext(grant: { scopes: string[]; account?: AccountRef }): void;
  /** How many requests are left to the account in this hour. */
  setRateLimitRemaining(account: AccountRef, remaining: number): void;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const randomText: RandomToken = (length) => Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

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
  const server = createServer(createServerApp({ ...parts, ...flow }).callback());

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
      await closed;
    },
    get url() {
      return origin();
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
    setRateLimitRemaining: (account, remaining) => limits.leave(directory.account(account).id, remaining),
  };
}
