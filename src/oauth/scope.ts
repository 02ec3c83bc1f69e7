/**
 * Scopes: the upstream's own, and OpenID Connect's. Three sets follow from each other here, each computed once a login:
 * what the client asks for, what the upstream is asked for, and what the token says.
 * @see OAuth 2.1 section 1.4.1, design decision 8
 */
import { spaceSeparated } from '../protocol/parameters.ts';

/** OpenID Connect's scopes, with the upstream's scope that each needs, if any. */
export const OPENID_SCOPES: ReadonlyMap<string, string | undefined> = new Map([
  ['openid', undefined],
  ['profile', undefined],
  ['email', 'user:email'],
  ['offline_access', undefined],
]);

/**
 * The scope of the administrators' tools. A client gets it only when it asks for it by name and the person consents; that
 * the person is an administrator is not enough. The metadata does not list it, because many clients ask for all that
 * is listed.
 */
export const ADMINISTRATION_SCOPE = 'bridge:admin';

/** Scopes that are not the upstream's own, with the upstream's scope that each needs, if any. */
const OWN_SCOPES: ReadonlyMap<string, string | undefined> = new Map([
  ...OPENID_SCOPES,
  [ADMINISTRATION_SCOPE, undefined],
]);

/** The upstream's scopes and their hierarchy. */
export interface UpstreamScopes {
  /** Asked for when the client names none. */
  readonly default: readonly string[];
  /** Always asked of the upstream, whatever the client names. */
  readonly always: readonly string[];
  isKnown(scope: string): boolean;
  /** Whether a set of granted scopes contains what `needed` gives. */
  covers(granted: readonly string[], needed: string): boolean;
}

/**
 * The scopes a client asks for: known ones, each once; the default when it names none.
 * @param parameter the `scope` parameter; `""` is as good as none
 */
export function requestedScope(scopes: UpstreamScopes, parameter: string | undefined): string[] {
  const known = spaceSeparated(parameter).filter((scope) => OWN_SCOPES.has(scope) || scopes.isKnown(scope));
  return known.length > 0 ? known : [...scopes.default];
}

/**
 * The scopes that the upstream is asked for: what a request needs of it, what the operator's policy needs, and what is
 * always asked.
 * @param requested scopes of the request; empty for a login without a client
 */
export function upstreamScope(
  { scopes, policyScope }: { readonly scopes: UpstreamScopes; readonly policyScope: readonly string[] },
  requested: readonly string[],
): string[] {
  const needed = requested.flatMap((scope) => (OWN_SCOPES.has(scope) ? (OWN_SCOPES.get(scope) ?? []) : scope));
  const asked = [...new Set([...needed, ...policyScope])];
  return [...asked, ...scopes.always.filter((scope) => !scopes.covers(asked, scope))];
}

/** What a token may say: the requested scopes that the upstream granted. */
export function effectiveScope(
  scopes: UpstreamScopes,
  requested: readonly string[],
  granted: readonly string[],
): string[] {
  return requested.filter((scope) => {
    const needed = OWN_SCOPES.has(scope) ? OWN_SCOPES.get(scope) : scope;
    return needed === undefined || scopes.covers(granted, needed);
  });
}
