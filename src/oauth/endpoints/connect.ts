/**
 * The connect endpoint: accepts what the person decided on the page of `../login/connect-page.ts`, if the form was sent by
 * that page in the browser that it was shown in.
 * @see RFC 9700 section 4.7 (design decision 11)
 */
import type Koa from 'koa';
import { loginOf } from '../../base/login-id.ts';
import { noStore, sealedFormParameters } from '../../protocol/http.ts';
import { isSameOrigin } from '../../security/same-origin.ts';
import { PageError } from '../../web/page-error.ts';
import { sendAuthorizationResponse } from '../authorization-response.ts';
import type { Services } from './services.ts';

type Connect = Pick<Services, 'issuer' | 'logins' | 'completion' | 'connectPage' | 'events' | 'limits' | 'web'>;

/** `POST /connect` */
export function decideConnect(services: Connect): Koa.Middleware {
  const { issuer, logins, completion, connectPage, events, limits } = services;
  return async (ctx) => {
    noStore(ctx);
    if (!isSameOrigin(ctx, issuer))
      throw new PageError('forged_form', { description: 'the form was not sent by the page that asks to connect' });
    const parameters = sealedFormParameters(ctx);
    const completed = connectPage.read(ctx, parameters);
    const { login, ref, code, githubId, githubLogin } = completed;
    const { request } = login;
    const loginId = loginOf(ref.grant);
    events.context.knowLogin(loginId);
    events.context.by('page', { kind: 'person', person: ref.person, githubId, githubLogin });
    switch (parameters.get('decision')) {
      case 'connect':
        await completion.confirmed(ctx, completed);
        return sendAuthorizationResponse(services, ctx, { ...request, login: githubLogin }, { code });
      case 'another': {
        await limits.authorization.consume(ctx.ip);
        connectPage.spend(ctx, parameters);
        if (!(await completion.declined(completed)))
          throw new PageError('expired_request', { description: 'the login is over' });
        const again = { ...login, request: { ...request, prompt: 'select_account' } };
        ctx.redirect(await logins.sendToUpstream(ctx, again, loginId));
        ctx.status = 303;
        return;
      }
      default:
        throw new PageError('invalid_request', { description: 'decision must be connect or another' });
    }
  };
}
