/**
 * Scopes: the upstream's own, and OpenID Connect's. Effective scopes are computed here, once a login: what the client
 * asked for, in its spelling, as far as the upstream granted it. @see OAuth 2.1 section 1.4.1, design decision 8
 */
import { words } from '../protocol/parameters.ts';

/** OpenID Connect's scopes; the upstream needs the named scope for them, or nothing. */
export const OPENID_SCOPES: ReadonlyMap<string, string | undefined> = new Map([
  ['openid', undefined],
  ['profile', undefined],
  ['email', 'user:email'],
  ['offline_access', undefined],
]);

/**
 * The scope of the administrators' tools: a client gets it only by name and by consent, never because its person
 * administers. It is not in the metadata, for clients ask for all that is.
 */
export const ADMINISTRATION_SCOPE = 'bridge:admin';

/** Scopes that the upstream knows nothing of, or by another name; with what it needs for them. */
const OWN_SCOPES: ReadonlyMap<string, string | undefined> = new Map([
  ...OPENID_SCOPES,
  [ADMINISTRATION_SCOPE, undefined],
]);

/** The upstream's scopes and their hierarchy. */
export interface ScopeLanguage {
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
export function requestedScope(language: ScopeLanguage, parameter: string | undefined): string[] {
  const known = words(parameter).filter((scope) => OWN_SCOPES.has(scope) || language.isKnown(scope));
  return known.length > 0 ? known : [...language.default];
}

/** What the upstream is asked for on behalf of a request. */
export function upstreamScope(
  language: ScopeLanguage,
  requested: readonly string[],
  policy: readonly string[],
): string[] {
  const wanted = requested.flatMap((scope) => (OWN_SCOPES.has(scope) ? (OWN_SCOPES.get(scope) ?? []) : scope));
  const all = [...new Set([...wanted, ...policy])];
  return [...all, ...language.always.filter((scope) => !language.covers(all, scope))];
}

/** What a token may say: the requested scopes that the upstream granted. */
export function effectiveScope(
  language: ScopeLanguage,
  requested: readonly string[],
  granted: readonly string[],
): string[] {
  return requested.filter((scope) => {
    const needed = OWN_SCOPES.has(scope) ? OWN_SCOPES.get(scope) : scope;
    return needed === undefined || language.covers(granted, needed);
  });
}
