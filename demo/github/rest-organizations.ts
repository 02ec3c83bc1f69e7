/**
 * Memberships in the REST API: GET /user/orgs, /user/memberships/orgs, /user/memberships/orgs/:org and
 * /orgs/:org/teams/:slug/memberships/:username.
 */
import type { SimulatedMembership } from './accounts.ts';
import { paginate } from './pagination.ts';
import type { RestParts, RestRoutes, Viewer } from './rest.ts';
import { RestError } from './rest-error.ts';

export function addOrganizationRoutes(routes: RestRoutes, { directory, documents }: RestParts): void {
  routes.get('/user/orgs', ['admin:org', 'read:org', 'repo', 'user', 'write:org'], (viewer, request) => {
    const { app } = viewer.record;
    if (app.kind === 'oauth-app' && !viewer.may(['read:org', 'user'], 'members')) {
      throw new RestError(403, 'You need at least read:org scope or user scope to list your organizations.', {
        documentationUrl: 'https://docs.github.com/rest/orgs/orgs#list-organizations-for-the-authenticated-user',
      });
    }
    const visible = membershipsOf(viewer).filter(
      (one) =>
        one.state !== 'pending' && !one.restrictsApps && (!one.private || viewer.may(['read:org', 'user'], 'members')),
    );
    const { page, headers } = paginate(visible, request, documents);
    return { body: page.map((one) => documents.organization(one)), headers };
  });

  routes.get('/user/memberships/orgs', ['admin:org', 'read:org', 'write:org'], (viewer, request) => {
    needOrganizationAccess(viewer);
    const state = request.query.get('state');
    const wanted = membershipsOf(viewer).filter(
      (one) => !one.restrictsApps && (state === null || state === (one.state ?? 'active')),
    );
    const { page, headers } = paginate(wanted, request, documents);
    return { body: page.map((one) => documents.membership(viewer.account, one)), headers };
  });

  routes.get('/user/memberships/orgs/:org', ['admin:org', 'read:org', 'write:org'], (viewer, { params }) => {
    needOrganizationAccess(viewer);
    const membership = directory.membership(viewer.account, params.org ?? '');
    if (membership === undefined) throw new RestError(404, 'Not Found');
    refuseRestricted(membership);
    return { body: documents.membership(viewer.account, membership) };
  });

  routes.get(
    '/orgs/:org/teams/:slug/memberships/:username',
    ['admin:org', 'read:org', 'repo', 'write:org'],
    (viewer, { params }) => {
      const { org = '', slug = '', username = '' } = params;
      const own = directory.membership(viewer.account, org);
      // A team that the viewer may not see is answered as one that does not exist.
      const sees = own !== undefined && own.state !== 'pending' && viewer.may(['read:org'], 'members');
      const pendingSelf = own !== undefined && directory.findAccount(username) === viewer.account;
      if (!viewer.may(['read:org'], 'members') || !(sees || pendingSelf)) throw new RestError(404, 'Not Found');
      refuseRestricted(own);
      const account = directory.findAccount(username);
      const membership = account && directory.membership(account, org);
      if (account === undefined || !membership?.teams?.includes(slug)) throw new RestError(404, 'Not Found');
      return { body: documents.teamMembership(account, membership, slug) };
    },
  );
}

function membershipsOf(viewer: Viewer): SimulatedMembership[] {
  return viewer.account.organizations ?? [];
}

function needOrganizationAccess(viewer: Viewer): void {
  if (viewer.may(['read:org'], 'members')) return;
  throw viewer.record.app.kind === 'github-app'
    ? new RestError(403, 'Resource not accessible by integration')
    : new RestError(403, 'You need at least read:org scope to get your organization memberships.');
}

function refuseRestricted(membership: SimulatedMembership): void {
  if (!membership.restrictsApps) return;
  throw new RestError(
    403,
    `Although you appear to have the correct authorization credentials, the \`${membership.login}\` organization has ` +
      'enabled OAuth App access restrictions, meaning that data access to third-parties is limited.',
  );
}
