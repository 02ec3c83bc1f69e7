/**
 * GitHub's OAuth scopes and their hierarchy.
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
 */
import type { UpstreamScopes } from '../oauth/scope.ts';

/** Whether a client id is that of a GitHub App, whose tokens have the permissions of the app instead of scopes. */
export function isGithubApp(clientId: string): boolean {
  return /^Iv\d/.test(clientId);
}

/** Each scope with the scopes that it contains directly. */
const CONTAINS: Readonly<Record<string, readonly string[]>> = {
  repo: ['repo:status', 'repo_deployment', 'public_repo', 'repo:invite', 'security_events'],
  'repo:status': [],
  repo_deployment: [],
  public_repo: [],
  'repo:invite': [],
  security_events: [],
  'admin:repo_hook': ['write:repo_hook'],
  'write:repo_hook': ['read:repo_hook'],
  'read:repo_hook': [],
  'admin:org': ['write:org'],
  'write:org': ['read:org'],
  'read:org': [],
  'admin:org_hook': [],
  'admin:public_key': ['write:public_key'],
  'write:public_key': ['read:public_key'],
  'read:public_key': [],
  'admin:gpg_key': ['write:gpg_key'],
  'write:gpg_key': ['read:gpg_key'],
  'read:gpg_key': [],
  gist: [],
  notifications: [],
  user: ['read:user', 'user:email', 'user:follow'],
  'read:user': [],
  'user:email': [],
  'user:follow': [],
  project: ['read:project'],
  'read:project': [],
  delete_repo: [],
  'write:packages': ['read:packages'],
  'read:packages': [],
  'delete:packages': [],
  codespace: [],
  workflow: [],
  'read:audit_log': [],
};

/** All scopes that a scope contains, directly or indirectly, and itself. */
function closure(scope: string): ReadonlySet<string> {
  const all = new Set([scope]);
  for (const member of all) for (const contained of CONTAINS[member] ?? []) all.add(contained);
  return all;
}

const CLOSURES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.keys(CONTAINS).map((scope) => [scope, closure(scope)]),
);

/** Whether one of the granted scopes is `needed` or contains it. */
export function covers(granted: readonly string[], needed: string): boolean {
  return granted.some((scope) => scope === needed || CLOSURES.get(scope)?.has(needed) === true);
}

/**
 * Creates the scopes of the upstream.
 * @param configured scopes that the operator named for an MCP server: they are known in any case
 */
export function githubScopes(configured: readonly string[]): UpstreamScopes {
  return {
    // For an empty request GitHub would grant the scopes that it granted before (design decision 8).
    always: ['read:user'],
    isKnown: (scope) => CLOSURES.has(scope) || configured.includes(scope),
    covers,
  };
}
