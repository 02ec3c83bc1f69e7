/**
 * The consent endpoint: accepts the person's decision, if the form was sent by the consent page in the browser that it
 * was shown in.
 * @see MCP Security Best Practices, "Confused Deputy Problem" (design decision 11)
 */
import type Koa from 'koa';
import { noStore, sealedFormParameters } from '../../protocol/http.ts';
import type { Parameters } from '../../protocol/parameters.ts';
import { isSameOrigin } from '../../security/same-origin.ts';
import { PageError } from '../../web/page-error.ts';
import { sendAuthorizationResponse } from '../authorization-response.ts';
import type { Services } from './services.ts';

type Consent = Pick<Services, 'issuer' | 'logins' | 'web'>;

/** `POST /consent` */
export function decideConsent(services: Consent): Koa.Middleware {
  const { issuer, logins } = services;
  return async (ctx) => {
    noStore(ctx);
    if (!isSameOrigin(ctx, issuer))
      throw new PageError('forged_form', { description: 'the form was not sent by the consent page' });
    const parameters = sealedFormParameters(ctx);
    const form = {
      id: parameters.get('request') ?? '',
      csrf: parameters.get('csrf') ?? '',
      remember: parameters.get('remember') === '1',
      scope: chosenScope(parameters),
      repeat: parameters.get('repeat'),
    };
    switch (parameters.get('decision')) {
      case 'allow':
        ctx.redirect(await logins.allow(ctx, form));
        ctx.status = 303;
        return;
      case 'deny': {
        const { request } = await logins.deny(ctx, form);
        const response = { error: 'access_denied', description: 'the person declined' } as const;
        return sendAuthorizationResponse(services, ctx, request, response);
      }
      default:
        throw new PageError('invalid_request', { description: 'decision must be allow or deny' });
    }
  };
}

/** The scopes whose boxes are ticked: the form has a field `scope:NAME` for each that the person may leave out. */
function chosenScope(parameters: Parameters): string[] {
  return [...parameters.keys()].filter((name) => name.startsWith('scope:')).map((name) => name.slice('scope:'.length));
}
