/**
 * The consent page: before the browser goes to the upstream, the person sees which client asks, for which scopes, and
 * where the response goes. `../endpoints/consent.ts` accepts the decision.
 * @see MCP Security Best Practices, "Confused Deputy Problem" (design decision 11)
 */
import type Koa from 'koa';
import { defined } from '../../base/defined.ts';
import type { EventBus } from '../../observe/events.ts';
import { noStore } from '../../protocol/http.ts';
import type { AuthorizationRequest } from '../../store/records.ts';
import type { Web } from '../../web/web.ts';
import type { Client } from '../clients/client.ts';
import { redirectHost, redirectKind } from '../clients/redirect-uri.ts';
import type { Resources } from '../resource-indicators.ts';
import type { Upstream } from '../upstream.ts';
import type { Logins, RequestedLogin } from './login.ts';
import { isRememberable } from './remembered-consent.ts';

interface ConsentPageServices {
  readonly resources: Resources;
  readonly upstream: Upstream;
  readonly logins: Logins;
  readonly web: Web;
  readonly events: EventBus;
}

/**
 * Shows the consent page for a request.
 * @param client undefined when its registration was deleted after the login began
 */
export async function showConsent(
  services: ConsentPageServices,
  ctx: Koa.Context,
  client: Client | undefined,
  login: RequestedLogin,
): Promise<void> {
  const { request } = login;
  const { scopes, policyScope } = services.upstream;
  const alwaysAsked = scopes.always.filter((name) => !scopes.covers(request.scope, name));
  const fields = await services.logins.askConsent(ctx, login);
  const kind = redirectKind(request.redirectUri);
  noStore(ctx);
  services.web.page(ctx, 'consent', request.uiLocales, {
    clientName: request.clientName,
    ...defined({
      clientUri: client?.metadata.client_uri,
      verifiedDomain: verifiedDomain(client, request),
      otherResource: request.resource === services.resources.default.audience ? undefined : request.resource,
    }),
    redirectHost: redirectHost(request.redirectUri),
    redirectKind: kind,
    // Every client can use the scopes that are always requested, with get_user_profile; so the page lists them too.
    scopes: [...new Set([...request.scope, ...alwaysAsked])].map((name) => ({ name })),
    policyScopes: policyScope.filter((name) => !scopes.covers(request.scope, name)).map((name) => ({ name })),
    rememberable: isRememberable(request),
    fields,
  });
  services.events.emit('consent.shown', { clientId: request.clientId, remembered: false });
}

/**
 * The host of a client's metadata document, where this request proves that the client stands there: the answer goes to the
 * same host, over https. A document proves nothing of a client whose answer goes elsewhere (design decision 13).
 */
function verifiedDomain(client: Client | undefined, { redirectUri }: AuthorizationRequest): string | undefined {
  if (client?.origin !== 'document' || redirectKind(redirectUri) !== 'https') return undefined;
  const { host, hostname } = new URL(client.clientId);
  return new URL(redirectUri).hostname === hostname ? host : undefined;
}
