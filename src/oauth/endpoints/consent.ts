/**
 * Consent: before GitHub is involved, the person sees which client asks, for what, and where the answer goes. Only the
 * browser that was shown the page can decide, from the page itself.
 * @see RFC 9700 section 4.13 (confused deputy), design decision 11
 */
import type Koa from 'koa';
import { formParameters, noStore } from '../../protocol/http.ts';
import type { AuthorizationRequest } from '../../store/records.ts';
import { PageError } from '../../web/page-error.ts';
import type { Client } from '../clients/client.ts';
import { redirectHost, redirectKind } from '../clients/redirect-uri.ts';
import { isRememberable } from '../login/login.ts';
import type { Services } from './services.ts';

type Consent = Pick<Services, 'issuer' | 'resources' | 'upstream' | 'logins' | 'web' | 'events'>;

/** Shows the consent page for a request. */
export async function showConsent(
  services: Consent,
  ctx: Koa.Context,
  client: Client | undefined,
  request: AuthorizationRequest,
): Promise<void> {
  const { scopes } = services.upstream;
  const alwaysAsked = scopes.always.filter((name) => !scopes.covers(request.scope, name));
  const fields = await services.logins.askConsent(ctx, request);
  const kind = redirectKind(request.redirectUri);
  const documentHost = client?.origin === 'document' ? new URL(client.clientId).host : undefined;
  noStore(ctx);
  services.web.page(ctx, 'consent', request.uiLocales, {
    clientName: request.clientName,
    ...(client?.metadata.client_uri === undefined ? {} : { clientUri: client.metadata.client_uri }),
    // Only an https redirect proves that the answer reaches who publishes the document (design decision 13).
    ...(documentHost !== undefined && kind === 'https' ? { verifiedDomain: documentHost } : {}),
    redirectHost: redirectHost(request.redirectUri),
    redirectKind: kind,
    // What is always asked of GitHub serves every client's get_user_profile: it is among what the app gets.
    scopes: [...new Set([...request.scope, ...alwaysAsked])].map((name) => ({ name })),
    policyScopes: services.upstream.policyScope
      .filter((name) => !request.scope.includes(name) && !scopes.covers(request.scope, name))
      .map((name) => ({ name })),
    ...(request.resource === services.resources.builtIn ? {} : { otherResource: request.resource }),
    rememberable: isRememberable(request),
    fields,
  });
  services.events.emit('consent.shown', { clientId: request.clientId, remembered: false });
}

/** `POST /consent` */
export function decideConsent(services: Consent): Koa.Middleware {
  const { issuer, logins, web } = services;
  return async (ctx) => {
    noStore(ctx);
    if (!isSameOrigin(ctx, issuer))
      throw new PageError('forged_form', { detail: 'the form was not sent by the consent page' });
    const parameters = formParameters(ctx);
    const form = {
      id: parameters.get('request') ?? '',
      csrf: parameters.get('csrf') ?? '',
      remember: parameters.get('remember') === '1',
    };
    switch (parameters.get('decision')) {
      case 'allow': {
        const allowed = await logins.allow(ctx, form);
        if (typeof allowed === 'string') throw gone(allowed);
        ctx.status = 303;
        ctx.redirect(allowed.url);
        return;
      }
      case 'deny': {
        const denied = await logins.deny(ctx, form);
        if (typeof denied === 'string') throw gone(denied);
        web.answerClient(
          ctx,
          denied.request,
          { error: 'access_denied', description: 'the person declined' },
          denied.request.uiLocales,
        );
        return;
      }
      default:
        throw new PageError('invalid_request', { detail: 'decision must be allow or deny' });
    }
  };
}

/**
 * Whether a form comes from a page of ours: browsers say so in Sec-Fetch-Site, and those that do not, in Origin.
 * @see design decision 11
 */
export function isSameOrigin(ctx: Koa.Context, issuer: string): boolean {
  const site = ctx.get('sec-fetch-site');
  return site === '' ? ctx.get('origin') === issuer : site === 'same-origin';
}

/** A step that cannot be taken: over, taken before, or somebody else's. */
export function gone(problem: 'unknown' | 'other_browser'): PageError {
  return problem === 'unknown'
    ? new PageError('expired_request', { detail: 'the request is over or was answered before' })
    : new PageError('other_browser', { detail: 'the request was begun in another browser' });
}
