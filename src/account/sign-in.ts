/**
 * Signing in to the account page: the same way to GitHub and back as a client's login, ending in a cookie instead of a
 * code. GitHub's token is only asked who it is, and revoked at once.
 */
import { randomUUID } from 'node:crypto';
import type Koa from 'koa';
import { z } from 'zod';
import type { Revocations } from '../github/revocations.ts';
import type { Logins } from '../oauth/login/login.ts';
import type { UpstreamLogin } from '../oauth/upstream.ts';
import { codeChallenge, randomVerifier } from '../protocol/pkce.ts';
import type { Cookies } from '../security/cookies.ts';
import { randomToken, type Secrets } from '../security/secrets.ts';
import type { Account, AuthorizationRequest } from '../store/records.ts';

/** No client can have this id: it is neither a URL nor of the form of registered ones. */
const CLIENT_ID = 'account page';
const COOKIE = 'account';
/** Seconds for which a person stays signed in to the account page. */
const SIGNED_IN_FOR = 3600;
const CSRF_PURPOSE = 'account-csrf';

const signedInSchema = z.object({
  person: z.string(),
  nonce: z.string(),
  account: z.object({ id: z.number(), login: z.string(), name: z.string().optional() }),
});
/** Who is signed in to the account page. */
export interface SignedIn {
  readonly person: string;
  readonly account: Account;
  /** The CSRF value of this signing-in's forms. */
  readonly csrf: string;
}

export interface AccountSignIn {
  /** Whether a login that came back from GitHub is the account page's. */
  isItsOwn(request: Pick<AuthorizationRequest, 'clientId'>): boolean;
  /** Answers GitHub's address. */
  begin(ctx: Koa.Context): Promise<string>;
  /** Signs the person in, and goes to the account page. */
  finish(ctx: Koa.Context, login: UpstreamLogin): Promise<void>;
  /** Who is signed in, by the cookie. */
  current(ctx: Koa.Context): SignedIn | undefined;
  end(ctx: Koa.Context): void;
}

export interface AccountSignInOptions {
  readonly issuer: string;
  readonly logins: Logins;
  readonly cookies: Cookies;
  readonly secrets: Secrets;
  readonly revocations: Revocations;
}

export function createAccountSignIn({
  issuer,
  logins,
  cookies,
  secrets,
  revocations,
}: AccountSignInOptions): AccountSignIn {
  return {
    isItsOwn: ({ clientId }) => clientId === CLIENT_ID,
    begin: (ctx) =>
      logins.goOn(
        ctx,
        {
          clientId: CLIENT_ID,
          clientName: new URL(issuer).host,
          refreshable: false,
          redirectUri: `${issuer}/account`,
          redirectUriSent: false,
          codeChallenge: codeChallenge(randomVerifier()),
          scope: [],
          resource: issuer,
        },
        undefined,
      ),
    async finish(ctx, { person, credentialId, credential, account }) {
      await revocations.discard({
        person,
        id: randomUUID(),
        credential: credentialId,
        appClientId: credential.appClientId,
        sealedTokens: credential.sealedTokens,
      });
      const { id, login, name } = account;
      const value = JSON.stringify({
        person,
        nonce: randomToken(16),
        account: { id, login, ...(name === undefined ? {} : { name }) },
      });
      cookies.setSealed(ctx, COOKIE, value, { sameSite: 'lax', maxAge: SIGNED_IN_FOR });
      ctx.status = 303;
      ctx.redirect(`${issuer}/account`);
    },
    current(ctx) {
      const value = cookies.getSealed(ctx, COOKIE);
      if (value === undefined) return undefined;
      const { person, nonce, account } = signedInSchema.parse(JSON.parse(value));
      const { id, login, name } = account;
      const csrf = secrets.sign(CSRF_PURPOSE, Buffer.from(nonce)).toString('base64url');
      return { person, account: { id, login, ...(name === undefined ? {} : { name }) }, csrf };
    },
    end: (ctx) => cookies.clear(ctx, COOKIE),
  };
}
