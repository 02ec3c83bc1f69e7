/** Teams in the REST API: GET /user/teams and GET /orgs/:org/teams/:slug/members. */
import type { SimulatedMembership } from './accounts.ts';
import { type Documents, nodeId } from './documents.ts';
import { paginate } from './pagination.ts';
import type { RestParts, RestRoutes } from './rest.ts';
import { RestError } from './rest-error.ts';

export function addTeamRoutes(routes: RestRoutes, { directory, documents }: RestParts): void {
  routes.get('/user/teams', ['admin:org', 'read:org', 'repo', 'user', 'write:org'], (viewer, request) => {
    if (!viewer.may(['read:org', 'repo', 'user'], 'members')) throw new RestError(404, 'Not Found');
    const teams = (viewer.account.organizations ?? [])
      .filter(({ state, restrictsApps }) => state !== 'pending' && !restrictsApps)
      .flatMap((membership) => (membership.teams ?? []).map((slug) => teamDocument(membership, slug, documents)));
    const { page, headers } = paginate(teams, request, documents);
    return { body: page, headers };
  });

  routes.get('/orgs/:org/teams/:slug/members', ['admin:org', 'read:org', 'repo', 'write:org'], (viewer, request) => {
    const { org = '', slug = '' } = request.params;
    const own = directory.membership(viewer.account, org);
    const sees = own !== undefined && own.state !== 'pending' && viewer.may(['read:org'], 'members');
    const members = directory.accounts.filter((account) => {
      const membership = directory.membership(account, org);
      return membership?.state !== 'pending' && membership?.teams?.includes(slug) === true;
    });
    if (!sees || members.length === 0) throw new RestError(404, 'Not Found');
    const { page, headers } = paginate(members, request, documents);
    return { body: page.map((account) => documents.simpleUser(account)), headers };
  });
}

function teamDocument(membership: SimulatedMembership, slug: string, documents: Documents) {
  const url = documents.urlOf(`/api/v3/organizations/${membership.id}/team/${slug}`);
  return {
    id: membership.id,
    node_id: nodeId('Team', membership.id),
    name: slug,
    slug,
    description: null,
    privacy: 'closed',
    permission: 'pull',
    url,
    html_url: documents.urlOf(`/orgs/${membership.login}/teams/${slug}`),
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    parent: null,
    organization: documents.organization(membership),
  };
}
