/**
 * The page after the upstream on which the person confirms a login, with the account's name. It is shown on http only: there
 * cookies know no ports, so the server of another port can plant the cookies of a login that it began itself, and this
 * browser's visit to the upstream would complete it. `../endpoints/connect.ts` accepts the decision (design decision 11).
 */
import type Koa from 'koa';
import { z } from 'zod';
import { defined } from '../../base/defined.ts';
import { noStore } from '../../protocol/http.ts';
import type { Parameters } from '../../protocol/parameters.ts';
import type { Cookies } from '../../security/cookies.ts';
import { isRandomId, randomId, randomToken, SealBroken, type Secrets } from '../../security/secrets.ts';
import { readClientLogin } from '../../store/stored.ts';
import { PageError } from '../../web/page-error.ts';
import type { Web } from '../../web/web.ts';
import { redirectHost, redirectKind } from '../clients/redirect-uri.ts';
import { recipientView } from '../recipient-view.ts';
import type { Resources } from '../resource-indicators.ts';
import { CONFIRMATION_TTL, type CompletedLogin, LATE_COOKIE_TTL } from './completion.ts';

export interface ConnectPage {
  /** Shows the page for a login. */
  show(ctx: Koa.Context, completed: CompletedLogin): void;
  /**
   * The login that a form of this page is about. The same form, sent again by a second click, gives the same login.
   * @throws {PageError} when the form was not shown in this browser, or is too old
   */
  read(ctx: Koa.Context, form: Parameters): CompletedLogin;
  /** Lets the form of a login that the person did not want be read no more in this browser. */
  spend(ctx: Koa.Context, form: Parameters): void;
}

const sealedSchema = z.object({
  id: z.string(),
  expiresAt: z.number(),
  login: z.string(),
  remember: z.boolean(),
  ref: z.object({ person: z.string(), grant: z.string() }),
  code: z.string(),
  githubId: z.number(),
  githubLogin: z.string(),
  scope: z.array(z.string()),
});

interface ConnectPageOptions {
  readonly resources: Resources;
  readonly secrets: Secrets;
  readonly cookies: Cookies;
  readonly web: Web;
  /** Epoch seconds. */
  readonly now: () => number;
}

/**
 * Creates the page. Its form holds the login, sealed, and the seal opens only together with a cookie of this browser. A
 * stranger can learn or plant that cookie, but never has the form.
 */
export function createConnectPage({ resources, secrets, cookies, web, now }: ConnectPageOptions): ConnectPage {
  const cookieName = (id: string) => `connect-${id}`;
  const identity = (id: string, cookie: string) => `connect:${id}.${cookie}`;

  return {
    show(ctx, completed) {
      const { request } = completed.login;
      const [id, cookie] = [randomId(), randomToken()];
      const expiresAt = now() + CONFIRMATION_TTL;
      const plaintext = JSON.stringify({ ...completed, login: JSON.stringify(completed.login), expiresAt });
      cookies.set(ctx, cookieName(id), cookie, { sameSite: 'strict', maxAge: CONFIRMATION_TTL + LATE_COOKIE_TTL });
      noStore(ctx);
      web.page(ctx, 'connect', request.uiLocales, {
        clientName: request.clientName,
        login: completed.githubLogin,
        redirectHost: redirectHost(request.redirectUri),
        redirectKind: redirectKind(request.redirectUri),
        ...defined({ recipient: recipientView(resources, request) }),
        fields: {
          request: id,
          login: secrets.seal(plaintext, identity(id, cookie)),
          ...defined({ ui_locales: request.uiLocales }),
        },
      });
    },

    spend(ctx, form) {
      cookies.clear(ctx, cookieName(form.get('request') ?? ''));
    },

    read(ctx, form) {
      const id = form.get('request') ?? '';
      const cookie = isRandomId(id) ? cookies.get(ctx, cookieName(id)) : undefined;
      if (cookie === undefined)
        throw new PageError('other_browser', { description: 'the form was shown in another browser, or long ago' });
      try {
        const { expiresAt, login, ...completed } = sealedSchema.parse(
          JSON.parse(secrets.open(form.get('login') ?? '', identity(id, cookie))),
        );
        if (expiresAt > now()) return { ...completed, login: readClientLogin(login) };
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error;
        throw new PageError('forged_form', { description: 'the form was not made by this server for this browser' });
      }
      throw new PageError('expired_request', { description: 'the login was not confirmed in time' });
    },
  };
}
