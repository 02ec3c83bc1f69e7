/**
 * GET /search/repositories in the REST API: words of the name and description, and the qualifiers `user:` (also `@me`),
 * `org:`, `is:` and `language:`. The most starred repository comes first.
 */
import type { ListedRepository } from './directory.ts';
import { sameName } from './directory.ts';
import { paginate } from './pagination.ts';
import type { RestParts, RestRoutes, Viewer } from './rest.ts';
import { RestError } from './rest-error.ts';

export function addSearchRoutes(routes: RestRoutes, { directory, documents }: RestParts): void {
  routes.get('/search/repositories', [], (viewer, request) => {
    const terms = (request.query.get('q') ?? '').split(/\s+/).filter((term) => term !== '');
    if (terms.length === 0) throw new RestError(422, 'Validation Failed');
    const seesPrivate = viewer.may(['repo'], 'contents');
    const found = directory
      .repositories()
      .filter((one) => !one.repository.private || (seesPrivate && one.account === viewer.account))
      .filter((one) => terms.every((term) => matches(term, one, viewer)))
      .map(({ account, repository }) => ({ ...documents.repository(account, repository), score: 1 }))
      .sort((one, other) => other.stargazers_count - one.stargazers_count);
    const { page, headers } = paginate(found, request, documents);
    return { body: { total_count: found.length, incomplete_results: false, items: page }, headers };
  });
}

function matches(term: string, { account, repository }: ListedRepository, viewer: Viewer): boolean {
  const [, qualifier = '', value = ''] = /^(user|org|is|language):(.+)$/i.exec(term) ?? [];
  switch (qualifier.toLowerCase()) {
    case 'user':
    case 'org':
      return sameName(repository.owner ?? account.login, value === '@me' ? viewer.account.login : value);
    case 'is':
      return value === (repository.private ? 'private' : 'public');
    case 'language':
      return sameName(repository.language ?? '', value);
    default:
      return `${repository.name} ${repository.description ?? ''}`.toLowerCase().includes(term.toLowerCase());
  }
}
