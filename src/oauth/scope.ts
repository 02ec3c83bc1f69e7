/**
 * Scopes: those of the upstream, of OpenID Connect, and `bridge:admin`. Three sets are computed here, each once per
 * login: the scopes that the client requests, those requested from the upstream, and those of the token.
 * @see OAuth 2.1 section 1.4.1 (design decision 8)
 */
import { IDENTITY_SCOPES } from '../protocol/identity-scopes.ts';
import { spaceSeparated } from '../protocol/parameters.ts';
import type { AuthorizationRequest } from '../store/records.ts';

/** OpenID Connect's scopes, each with the upstream scope that it needs, if any. */
export const OPENID_SCOPES: ReadonlyMap<string, string | undefined> = new Map([
  ['openid', undefined],
  ['profile', undefined],
  ['email', 'user:email'],
  ['offline_access', undefined],
]);

/**
 * The scope of the administrators' tools. A client gets it only if it requests it by name and the person consents; it
 * is not enough that the person is an administrator. The metadata does not list it, because many clients request every
 * listed scope.
 */
export const ADMINISTRATION_SCOPE = 'bridge:admin';

/** The scopes of this server, each with the upstream scope that it needs, if any. */
const OWN_SCOPES: ReadonlyMap<string, string | undefined> = new Map([
  ...OPENID_SCOPES,
  [ADMINISTRATION_SCOPE, undefined],
]);

/** The upstream's scopes and their hierarchy. */
export interface UpstreamScopes {
  /** Requested from the upstream at every login, whatever the client requests. */
  readonly always: readonly string[];
  isKnown(scope: string): boolean;
  /** Whether one of the granted scopes is `needed` or contains it. */
  covers(granted: readonly string[], needed: string): boolean;
}

/** What decides which scopes are requested from the upstream besides those that a client needs. */
interface UpstreamNeeds {
  readonly scopes: UpstreamScopes;
  /** Those that the operator's policy needs. */
  readonly policyScope: readonly string[];
}

/** Whether a scope is one of this server or of the upstream. */
export function isKnownScope(scopes: Pick<UpstreamScopes, 'isKnown'>, scope: string): boolean {
  return OWN_SCOPES.has(scope) || scopes.isKnown(scope);
}

/**
 * The scopes that a client requests, without unknown ones and duplicates; the default when none is left.
 * @param parameter the `scope` parameter; an empty one counts as absent (docs/clients.md, MCP Inspector)
 * @param fallback the default of the resource
 */
export function requestedScope(
  scopes: Pick<UpstreamScopes, 'isKnown'>,
  parameter: string | undefined,
  fallback: readonly string[],
): string[] {
  const known = spaceSeparated(parameter).filter((scope) => isKnownScope(scopes, scope));
  return known.length > 0 ? known : [...fallback];
}

/**
 * The scopes to request from the upstream: those that the request needs, those that the operator's policy needs, and
 * those that are always requested.
 * @param requested scopes of the request; empty for a login without a client
 */
export function upstreamScope({ scopes, policyScope }: UpstreamNeeds, requested: readonly string[]): string[] {
  const needed = requested.flatMap((scope) => (OWN_SCOPES.has(scope) ? (OWN_SCOPES.get(scope) ?? []) : scope));
  const asked = [...new Set([...needed, ...policyScope])];
  return [...asked, ...scopes.always.filter((scope) => !scopes.covers(asked, scope))];
}

/**
 * What the person cannot leave out of a request, and what comes with it unasked: who they are, and for a server behind the
 * bridge that gets the upstream's token, all that this token has whatever the person chooses.
 */
export function fixedScope(
  upstream: UpstreamNeeds,
  { scope, recipient }: Pick<AuthorizationRequest, 'scope' | 'recipient'>,
): string[] {
  const identity = scope.filter((name) => IDENTITY_SCOPES.has(name));
  const atUpstream = recipient?.credential === 'github' ? upstreamScope(upstream, identity) : upstream.scopes.always;
  return [...new Set([...identity, ...atUpstream])];
}

/** The scopes of a request that the person gives. @param chosen the names that the person did not leave out; others count nothing */
export function givenScope(
  requested: readonly string[],
  chosen: readonly string[],
  fixed: readonly string[],
): string[] {
  return requested.filter((scope) => fixed.includes(scope) || chosen.includes(scope));
}

/** The scope of the token: the requested scopes that the upstream granted. */
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
