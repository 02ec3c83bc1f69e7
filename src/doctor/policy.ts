/** Checks whether the bridge can read the memberships that `ALLOWED_GITHUB_ORGS` needs. */
import type { Config } from '../config/config.ts';
import { covers, isGithubApp } from '../github/scopes.ts';
import type { Finding } from './finding.ts';

const CHECK = 'organisation policy';

/** Says how the bridge gets the right to read memberships. Sends no request. */
export function checkPolicy({ allowedOrganizations, scopes, github }: Config): Finding[] {
  if (allowedOrganizations.length === 0) return [];
  const names = allowedOrganizations
    .map(({ organization, team }) => (team === undefined ? organization : `${organization}/${team}`))
    .join(', ');
  const how = isGithubApp(github.clientId)
    ? 'read:org means nothing to a GitHub App: see that it has the organisation permission "Members: read"'
    : covers(scopes, 'read:org')
      ? 'SCOPES contains read:org'
      : 'SCOPES lacks read:org, so it is asked of GitHub besides, shown at consent and not put into tokens';
  return [{ check: CHECK, ok: `members of ${names} may in; ${how}` }];
}
