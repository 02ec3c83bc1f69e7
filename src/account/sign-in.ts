/**
 * Signing in to the account page: a login with `purpose: account` goes to GitHub and back like a client's login, and
 * ends with a cookie instead of a code. GitHub's token is used only to read the account, and is revoked at once.
 */
import type Koa from 'koa';
import { z } from 'zod';
import { defined } from '../base/defined.ts';
import type { Logins } from '../oauth/login/login.ts';
import { upstreamScope } from '../oauth/scope.ts';
import { type Upstream, UpstreamFailure, type UpstreamLogin } from '../oauth/upstream.ts';
import type { Cookies } from '../security/cookies.ts';
import { randomId } from '../security/secrets.ts';
import type { BlockStore } from '../store/people-operations.ts';
import type { Account } from '../store/records.ts';

const COOKIE = 'account';
/** Seconds for which a person stays signed in to the account page. */
const SIGN_IN_TTL = 3600;

const cookieSchema = z.object({
  person: z.string(),
  csrf: z.string(),
  account: z.object({ id: z.number(), login: z.string(), name: z.string().exactOptional() }),
});

/** The person who is signed in to the account page in one browser. */
export interface SignedIn {
  readonly person: string;
  readonly account: Account;
  /** The CSRF value of the forms, the same until the person signs out. */
  readonly csrf: string;
}

export interface AccountSignIn {
  /** Begins a login. @param prompt `select_account` lets the person choose an account @returns the address of GitHub's authorization page */
  begin(ctx: Koa.Context, prompt: string | undefined): Promise<string>;
  /**
   * Completes a login at the callback: signs the person in, and redirects to the account page.
   * @throws {UpstreamFailure} access_denied when the person is blocked
   */
  finish(ctx: Koa.Context, login: UpstreamLogin): Promise<void>;
  /** The person who is signed in, according to the cookie; undefined when nobody is. */
  current(ctx: Koa.Context): SignedIn | undefined;
  signOut(ctx: Koa.Context): void;
}

interface AccountSignInOptions {
  readonly issuer: string;
  readonly logins: Logins;
  readonly upstream: Upstream;
  readonly cookies: Cookies;
  readonly blocks: Pick<BlockStore, 'read'>;
}

/** Creates the sign-in. */
export function createAccountSignIn(options: AccountSignInOptions): AccountSignIn {
  const { issuer, logins, upstream, cookies, blocks } = options;
  return {
    begin: (ctx, prompt) =>
      logins.sendToUpstream(ctx, {
        purpose: 'account',
        upstreamScope: upstreamScope(upstream, []),
        ...defined({ prompt }),
      }),
    async finish(ctx, login) {
      await upstream.discard(login);
      if ((await blocks.read(login.person)) !== undefined)
        throw new UpstreamFailure('access_denied', 'not_allowed', 'this GitHub account may not use this server', {
          detail: `${login.account.login} (${login.account.id}) is blocked`,
          login: login.account.login,
        });
      const { id, login: githubLogin, name } = login.account;
      const account = { id, login: githubLogin, ...defined({ name }) };
      // The cookie is sealed, so the value is known to this server and its pages alone.
      const value = JSON.stringify({ person: login.person, csrf: randomId(), account });
      cookies.setSealed(ctx, COOKIE, value, { sameSite: 'lax', maxAge: SIGN_IN_TTL });
      ctx.status = 303;
      ctx.redirect(`${issuer}/account`);
    },
    current(ctx) {
      const value = cookies.getSealed(ctx, COOKIE);
      return value === undefined ? undefined : cookieSchema.parse(JSON.parse(value));
    },
    signOut: (ctx) => cookies.clear(ctx, COOKIE),
  };
}
