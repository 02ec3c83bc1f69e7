/** The routes about users in the REST API: GET /user, /user/emails, /users/:username, /rate_limit. */
import { emailsOf } from './accounts.ts';
import type { RestParts, RestRoutes } from './rest.ts';
import { RestError } from './rest-error.ts';

export function addUserRoutes(routes: RestRoutes, { directory, documents, limits, enterprise }: RestParts): void {
  routes.get('/user', [], (viewer) => {
    const full = viewer.may(['read:user'], 'profile');
    return { body: full ? documents.privateUser(viewer.account) : documents.publicUser(viewer.account) };
  });

  routes.get('/user/emails', ['user', 'user:email'], (viewer) => {
    const documentationUrl =
      'https://docs.github.com/rest/users/emails#list-email-addresses-for-the-authenticated-user';
    if (!viewer.may(['user:email'], 'email_addresses')) {
      throw viewer.record.app.kind === 'github-app'
        ? new RestError(403, 'Resource not accessible by integration', { documentationUrl })
        : new RestError(404, 'Not Found', { documentationUrl });
    }
    return { body: emailsOf(viewer.account) };
  });

  routes.get('/users/:username', [], (_viewer, { params }) => {
    const account = directory.findAccount(params.username ?? '');
    if (account === undefined) throw new RestError(404, 'Not Found');
    return { body: documents.publicUser(account) };
  });

  routes.get(
    '/rate_limit',
    [],
    (viewer) => {
      if (enterprise) throw new RestError(404, 'Rate limiting is not enabled.');
      const core = { ...limits.of(viewer.account.id), resource: 'core' };
      return { body: { resources: { core }, rate: core } };
    },
    { counted: false },
  );
}
