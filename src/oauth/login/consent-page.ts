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
import type { Store } from '../../store/store.ts';
import type { Web } from '../../web/web.ts';
import type { Client } from '../clients/client.ts';
import { redirectHost, redirectKind } from '../clients/redirect-uri.ts';
import { recipientView } from '../recipient-view.ts';
import type { Resources } from '../resource-indicators.ts';
import { fixedScope } from '../scope.ts';
import type { Upstream } from '../upstream.ts';
import type { KnownBrowsers } from './known-browser.ts';
import type { Logins, RequestedLogin } from './login.ts';
import { isOwnNavigation, isRememberable } from './remembered-consent.ts';

interface ConsentPageServices {
  readonly store: Store;
  readonly browsers: KnownBrowsers;
  readonly resources: Resources;
  readonly upstream: Upstream;
  readonly logins: Logins;
  readonly web: Web;
  readonly events: EventBus;
}

/**
 * Shows the consent page for a request.
 * @param client undefined when its registration was deleted after the login began
 * @param loginId the login that goes on; a new one when absent
 */
export async function showConsent(
  services: ConsentPageServices,
  ctx: Koa.Context,
  client: Client | undefined,
  login: RequestedLogin,
  loginId?: string,
): Promise<void> {
  const { request } = login;
  const { scopes, policyScope } = services.upstream;
  // The upstream's token has the scopes of the policy too, so a server that gets this token gets them.
  const getsToken = request.recipient?.credential === 'github';
  const fixed = fixedScope(services.upstream, request);
  const forPolicy = getsToken ? [] : policyScope.filter((name) => !scopes.covers(request.scope, name));
  const [fields, before] = await Promise.all([
    services.logins.askConsent(ctx, login, loginId),
    givenBefore(services, ctx, request),
  ]);
  const view = (name: string) => ({
    name,
    optional: !fixed.includes(name),
    isNew: before !== undefined && request.scope.includes(name) && !scopes.covers(before, name),
  });
  const kind = redirectKind(request.redirectUri);
  noStore(ctx);
  services.web.page(ctx, 'consent', request.uiLocales, {
    clientName: request.clientName,
    ...defined({
      clientUri: client?.metadata.client_uri,
      verifiedDomain: verifiedDomain(client, request),
      recipient: recipientView(services.resources, request),
      otherResource: isOther(services.resources, request) ? request.resource : undefined,
    }),
    tokenOfGithubApp: getsToken && !services.upstream.tokensHaveScopes,
    redirectHost: redirectHost(request.redirectUri),
    redirectKind: kind,
    isOdd: kind !== 'https' && !isOwnNavigation(ctx, request) && ctx.get('sec-fetch-site') !== 'same-origin',
    // Every client can use the scopes that are always requested, with get_user_profile; so the page lists them too.
    scopes: [...new Set([...request.scope, ...fixed])].map(view),
    policyScopes: forPolicy.map(view),
    rememberable: isRememberable(request),
    fields: { ...fields, ...defined({ ui_locales: request.uiLocales }) },
  });
  services.events.emit('consent.shown', { clientId: request.clientId, remembered: false });
}

/**
 * What the person who logged in last in this browser gave the same client for the same resource, in sessions that live.
 * @returns undefined when that is nothing, or the browser is not known: then no scope is new, because all are
 */
async function givenBefore(
  { store, browsers }: ConsentPageServices,
  ctx: Koa.Context,
  { clientId, resource }: AuthorizationRequest,
): Promise<readonly string[] | undefined> {
  const person = browsers.person(ctx);
  const sessions = person === undefined ? [] : await store.sessions.list(person);
  const same = sessions.filter(({ grant }) => grant.clientId === clientId && grant.resource === resource);
  return same.length === 0 ? undefined : same.flatMap(({ grant }) => grant.scope);
}

/** Whether the token is for one of `RESOURCES`. */
function isOther(resources: Resources, { resource, recipient }: AuthorizationRequest): boolean {
  return recipient === undefined && resource !== resources.default.audience;
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
