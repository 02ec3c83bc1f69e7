/**
 * The sessions of browsers: the session cookie, the accounts that are signed in (several, as at GitHub), and the
 * authenticity token that every form of that browser must carry.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SimulatedAccount } from './accounts.ts';
import type { Directory } from './directory.ts';
import type { Context } from './exchange.ts';

const COOKIE = 'simulated_github_session';

export interface BrowserSession {
  readonly authenticityToken: string;
  /** Ids of the accounts that are signed in; the last one is the current account. */
  accounts: number[];
}

export class BrowserSessions {
  readonly #directory: Directory;
  readonly #sessions = new LRUCache<string, BrowserSession>({ max: 10_000 });

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** The session of the browser; a new, empty one when it has none. */
  of(ctx: Context): BrowserSession {
    const id = ctx.cookies.get(COOKIE);
    const known = id === undefined ? undefined : this.#sessions.get(id);
    if (known !== undefined) return known;
    return this.#start(ctx, []);
  }

  /** The current account first, then the others. */
  accountsOf(session: BrowserSession): SimulatedAccount[] {
    return session.accounts.toReversed().flatMap((id) => this.#directory.findAccount(id) ?? []);
  }

  signIn(ctx: Context, account: SimulatedAccount): void {
    const before = this.of(ctx).accounts.filter((id) => id !== account.id);
    this.#end(ctx);
    this.#start(ctx, [...before, account.id]);
  }

  signOut(ctx: Context): void {
    this.#end(ctx);
    ctx.cookies.set(COOKIE, null);
  }

  /** Whether a form carries the authenticity token of this browser. */
  isGenuine(session: BrowserSession, form: URLSearchParams): boolean {
    const sent = Buffer.from(form.get('authenticity_token') ?? '');
    const expected = Buffer.from(session.authenticityToken);
    return sent.length === expected.length && timingSafeEqual(sent, expected);
  }

  #start(ctx: Context, accounts: number[]): BrowserSession {
    const id = randomBytes(24).toString('base64url');
    const session = { authenticityToken: randomBytes(24).toString('base64url'), accounts };
    this.#sessions.set(id, session);
    ctx.cookies.set(COOKIE, id, { httpOnly: true, sameSite: 'lax', overwrite: true });
    return session;
  }

  #end(ctx: Context): void {
    const id = ctx.cookies.get(COOKIE);
    if (id !== undefined) this.#sessions.delete(id);
  }
}
