/**
 * GitHub's OAuth scopes: which ones exist, which contain others, and how a list of scopes is parsed and normalized.
 *
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
 */

/** Each scope with the scopes that it contains directly. */
const CONTAINS: Readonly<Record<string, readonly string[]>> = {
  repo: ['repo:status', 'repo_deployment', 'public_repo', 'repo:invite', 'security_events'],
  'admin:repo_hook': ['write:repo_hook'],
  'write:repo_hook': ['read:repo_hook'],
  'admin:org': ['write:org'],
  'write:org': ['read:org'],
  'admin:public_key': ['write:public_key'],
  'write:public_key': ['read:public_key'],
  'admin:gpg_key': ['write:gpg_key'],
  'write:gpg_key': ['read:gpg_key'],
  'write:packages': ['read:packages'],
  user: ['read:user', 'user:email', 'user:follow'],
  project: ['read:project'],
};

/** Scopes that contain no other scope and are contained in none. */
const OTHER_SCOPES = [
  'admin:org_hook',
  'gist',
  'notifications',
  'delete_repo',
  'delete:packages',
  'codespace',
  'workflow',
  'read:audit_log',
];

const KNOWN: ReadonlySet<string> = new Set([
  ...Object.keys(CONTAINS),
  ...Object.values(CONTAINS).flat(),
  ...OTHER_SCOPES,
]);

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  repo: 'Full control of private repositories',
  public_repo: 'Access public repositories',
  'read:org': 'Read organization and team membership, and organization projects',
  'write:org': 'Read and write organization and team membership, and organization projects',
  'admin:org': 'Full control of organizations and teams, and organization projects',
  user: 'Update all user data',
  'read:user': 'Read all user profile data',
  'user:email': 'Access user email addresses (read-only)',
  gist: 'Create gists',
  notifications: 'Access notifications',
  workflow: 'Update GitHub Action workflows',
  project: 'Full control of projects',
  'read:project': 'Read access of projects',
};

/** The description of a scope on the authorization page. */
export function describeScope(scope: string): string {
  return DESCRIPTIONS[scope] ?? `Access granted by the scope ${scope}`;
}

/** Requests expiring tokens. It is about the lifetime of the token, so it is never part of the granted scopes. */
export const OFFLINE_ACCESS = 'offline_access';

/** Parses a requested list, separated by spaces or commas, as at GitHub; unknown scopes are dropped. */
export function parseScopes(text: string): string[] {
  return normalizeScopes(text.split(/[\s,]+/).filter((scope) => KNOWN.has(scope)));
}

/** The list without duplicates and without scopes that another scope of the list contains, sorted. */
export function normalizeScopes(scopes: readonly string[]): string[] {
  const contained = new Set(scopes.flatMap((scope) => [...expandScopes([scope])].filter((inner) => inner !== scope)));
  return [...new Set(scopes)].filter((scope) => !contained.has(scope)).sort();
}

/** The scopes, and all scopes that they contain directly or indirectly. */
export function expandScopes(scopes: readonly string[]): Set<string> {
  const all = new Set(scopes);
  // A loop over a Set also visits the elements that are added during the loop, so this reaches every level.
  for (const scope of all) for (const inner of CONTAINS[scope] ?? []) all.add(inner);
  return all;
}

/** Whether the granted scopes contain all requested scopes. */
export function coversScopes(granted: readonly string[], requested: readonly string[]): boolean {
  const all = expandScopes(granted);
  return requested.every((scope) => all.has(scope));
}
