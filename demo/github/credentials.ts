/**
 * Authorizations (a person allowed an app), codes (valid for ten minutes, once), and tokens. A person has at most ten
 * tokens per app and scope set; the oldest is revoked silently. Revoked tokens are deleted, so they are unknown later.
 */
import { ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS, type SimulatedApp } from './apps.ts';
import { normalizeScopes } from './scopes.ts';

const CODE_MS = 600_000;
const HOUR_MS = 3_600_000;
const TOKENS_PER_COMBINATION = 10;
const TOKENS_PER_HOUR = 10;

/**
 * Makes a random string.
 * @param length characters
 * @param purpose what it is for: `gho_`, `ghu_`, `ghr_` or `code`
 */
export type RandomToken = (length: number, purpose: string) => string;

export interface Authorization {
  readonly id: number;
  readonly accountId: number;
  readonly clientId: string;
  /** All scopes granted so far; each consent adds its scopes. */
  scopes: string[];
  readonly createdAt: number;
}

export interface AuthorizationCode {
  readonly code: string;
  readonly clientId: string;
  readonly accountId: number;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly offlineAccess: boolean;
  readonly codeChallenge: string | undefined;
  readonly expiresAt: number;
}

export interface TokenRecord {
  readonly id: number;
  token: string;
  readonly app: SimulatedApp;
  readonly accountId: number;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  updatedAt: number;
  /** Epoch milliseconds; `undefined` when the token does not expire. */
  readonly expiresAt: number | undefined;
  readonly refresh: { readonly token: string; readonly expiresAt: number } | undefined;
}

interface TokenGrant {
  app: SimulatedApp;
  accountId: number;
  scopes: readonly string[];
  offlineAccess?: boolean;
}

export class Credentials {
  readonly #now: () => number;
  readonly #randomToken: RandomToken;
  readonly #authorizations = new Map<string, Authorization>();
  readonly #codes = new Map<string, AuthorizationCode>();
  readonly #tokens = new Map<string, TokenRecord>();
  readonly #refreshTokens = new Map<string, TokenRecord>();
  readonly #byAuthorization = new Map<string, Set<TokenRecord>>();
  readonly #created = new Map<string, number[]>();
  #nextId = 1;

  constructor(now: () => number, randomToken: RandomToken) {
    this.#now = now;
    this.#randomToken = randomToken;
  }

  authorization(accountId: number, clientId: string): Authorization | undefined {
    return this.#authorizations.get(key(accountId, clientId));
  }

  /** Adds scopes to the authorization, or creates it; scopes that were granted before are kept. */
  authorize(accountId: number, clientId: string, scopes: readonly string[]): Authorization {
    const known = this.authorization(accountId, clientId);
    const authorization = known ?? { id: this.#nextId++, accountId, clientId, scopes: [], createdAt: this.#now() };
    authorization.scopes = normalizeScopes([...authorization.scopes, ...scopes]);
    this.#authorizations.set(key(accountId, clientId), authorization);
    return authorization;
  }

  /** Whether ten tokens were issued within the last hour; GitHub then asks the person again. */
  hasIssuedTooMany(accountId: number, clientId: string, scopes: readonly string[]): boolean {
    return this.#recentlyCreated(key(accountId, clientId, scopes)).length >= TOKENS_PER_HOUR;
  }

  issueCode(code: Omit<AuthorizationCode, 'code' | 'expiresAt'>): string {
    const now = this.#now();
    for (const old of this.#codes.values()) if (old.expiresAt <= now) this.#codes.delete(old.code);
    const issued = { ...code, code: this.#randomToken(20, 'code'), expiresAt: now + CODE_MS };
    this.#codes.set(issued.code, issued);
    return issued.code;
  }

  findCode(code: string): AuthorizationCode | undefined {
    const found = this.#codes.get(code);
    return found !== undefined && found.expiresAt > this.#now() ? found : undefined;
  }

  useCode(code: string): void {
    this.#codes.delete(code);
  }

  issueToken(grant: TokenGrant): TokenRecord {
    const { app, accountId } = grant;
    const combination = key(accountId, app.clientId, grant.scopes);
    this.#created.set(combination, [...this.#recentlyCreated(combination), this.#now()]);
    const same = [...this.#tokensOf(accountId, app.clientId)].filter(
      (one) => key(accountId, app.clientId, one.scopes) === combination,
    );
    for (const old of same.slice(0, Math.max(0, same.length - TOKENS_PER_COMBINATION + 1))) this.revoke(old);
    return this.#add(grant, expires(grant));
  }

  findToken(token: string): TokenRecord | undefined {
    const record = this.#tokens.get(token);
    if (record === undefined) return undefined;
    return record.expiresAt === undefined || record.expiresAt > this.#now() ? record : undefined;
  }

  /** Replaces a token pair by a new one. @returns undefined when the refresh token is not valid for this app */
  refresh(refreshToken: string, clientId: string): TokenRecord | undefined {
    const old = this.#refreshTokens.get(refreshToken);
    if (old?.refresh === undefined || old.app.clientId !== clientId) return undefined;
    if (old.refresh.expiresAt <= this.#now()) return undefined;
    this.revoke(old);
    return this.#add(old, true);
  }

  /** Replaces the value of a token; the old value is not valid any more. */
  reset(record: TokenRecord): void {
    this.#tokens.delete(record.token);
    record.token = this.#newToken(record.app);
    record.updatedAt = this.#now();
    this.#tokens.set(record.token, record);
  }

  revoke(record: TokenRecord): void {
    this.#tokens.delete(record.token);
    if (record.refresh !== undefined) this.#refreshTokens.delete(record.refresh.token);
    this.#tokensOf(record.accountId, record.app.clientId).delete(record);
  }

  /** Deletes the authorization, its tokens and its codes; false when there was none. */
  revokeAuthorization(accountId: number, clientId: string): boolean {
    for (const record of this.#tokensOf(accountId, clientId)) this.revoke(record);
    for (const code of this.#codes.values()) {
      if (code.accountId === accountId && code.clientId === clientId) this.#codes.delete(code.code);
    }
    return this.#authorizations.delete(key(accountId, clientId));
  }

  /** All valid tokens. */
  live(): TokenRecord[] {
    return [...this.#tokens.values()].filter((record) => this.findToken(record.token) === record);
  }

  #add(grant: TokenGrant, expiring: boolean): TokenRecord {
    const { app, accountId, scopes } = grant;
    const now = this.#now();
    const refresh = {
      token: `ghr_${this.#randomToken(76, 'ghr_')}`,
      expiresAt: now + (app.refreshTokenSeconds ?? REFRESH_TOKEN_SECONDS) * 1000,
    };
    const record: TokenRecord = {
      id: this.#nextId++,
      token: this.#newToken(app),
      app,
      accountId,
      scopes: [...scopes],
      createdAt: now,
      updatedAt: now,
      expiresAt: expiring ? now + (app.accessTokenSeconds ?? ACCESS_TOKEN_SECONDS) * 1000 : undefined,
      refresh: expiring ? refresh : undefined,
    };
    this.#tokens.set(record.token, record);
    if (record.refresh !== undefined) this.#refreshTokens.set(record.refresh.token, record);
    this.#tokensOf(accountId, app.clientId).add(record);
    return record;
  }

  #newToken(app: SimulatedApp): string {
    const prefix = app.kind === 'github-app' ? 'ghu_' : 'gho_';
    return `${prefix}${this.#randomToken(36, prefix)}`;
  }

  #tokensOf(accountId: number, clientId: string): Set<TokenRecord> {
    const owner = key(accountId, clientId);
    const known = this.#byAuthorization.get(owner) ?? new Set();
    this.#byAuthorization.set(owner, known);
    return known;
  }

  #recentlyCreated(combination: string): number[] {
    const since = this.#now() - HOUR_MS;
    return (this.#created.get(combination) ?? []).filter((at) => at > since).slice(-TOKENS_PER_HOUR);
  }
}

function expires({ app, offlineAccess }: TokenGrant): boolean {
  return offlineAccess === true || (app.expiringTokens ?? app.kind === 'github-app');
}

function key(accountId: number, clientId: string, scopes?: readonly string[]): string {
  return [accountId, clientId, ...(scopes === undefined ? [] : [scopes.join(' ')])].join('\n');
}
