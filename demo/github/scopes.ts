/**
 * GitHub's OAuth scopes: which exist, which contain which, and how a requested list is read and normalized.
 *
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
 */

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

const STANDING_ALONE = [
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
  ...STANDING_ALONE,
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

/** What the authorization page says about a scope. */
export function describeScope(scope: string): string {
  return DESCRIPTIONS[scope] ?? `Access granted by the scope ${scope}`;
}

/** Asks for tokens that expire: it is about the token's life, so it is never part of the granted scopes. */
export const OFFLINE_ACCESS = 'offline_access';

/** Reads a requested list, separated by spaces (or commas, which GitHub takes as well); unknown scopes are dropped. */
export function parseScopes(text: string): string[] {
  return normalizeScopes(text.split(/[\s,]+/).filter((scope) => KNOWN.has(scope)));
}

/** The list without duplicates and without what another scope of the list contains, sorted. */
export function normalizeScopes(scopes: readonly string[]): string[] {
  const contained = new Set(scopes.flatMap((scope) => [...expandScopes([scope])].filter((inner) => inner !== scope)));
  return [...new Set(scopes)].filter((scope) => !contained.has(scope)).sort();
}

/** The scopes and everything they contain. */
export function expandScopes(scopes: readonly string[]): Set<string> {
  const all = new Set(scopes);
  // A Set visits what is added while it is walked, so this reaches every level.
  for (const scope of all) for (const inner of CONTAINS[scope] ?? []) all.add(inner);
  return all;
}

/** Whether everything that `requested` asks for is in `granted`. */
export function coversScopes(granted: readonly string[], requested: readonly string[]): boolean {
  const all = expandScopes(granted);
  return requested.every((scope) => all.has(scope));
}
