/** GET /user/repos: the repositories that the person has access to and that the token may show. */
import type { SimulatedAccount, SimulatedRepository } from './accounts.ts';
import { paginate } from './pagination.ts';
import type { RestParts, RestRoutes } from './rest.ts';
import { RestError } from './rest-error.ts';

/** The allowed values of query parameters. */
const ALLOWED_VALUES: Readonly<Record<string, readonly string[]>> = {
  visibility: ['all', 'public', 'private'],
  type: ['all', 'owner', 'public', 'private', 'member'],
  sort: ['created', 'updated', 'pushed', 'full_name'],
  direction: ['asc', 'desc'],
};

export function addRepositoryRoutes(routes: RestRoutes, { documents }: RestParts): void {
  routes.get('/user/repos', ['', 'repo'], (viewer, request) => {
    checkQuery(request.query);
    const { account } = viewer;
    const seesPrivate = viewer.may(['repo'], 'contents');
    const found = (account.repositories ?? [])
      .filter((repository) => seesPrivate || !repository.private)
      .filter((repository) => isWanted(repository, account, request.query))
      .map((repository) => documents.repository(account, repository))
      .sort(order(request.query));
    const { page, headers } = paginate(found, request, documents);
    return { body: page, headers };
  });
}

function checkQuery(query: URLSearchParams): void {
  for (const [name, allowed] of Object.entries(ALLOWED_VALUES)) {
    const value = query.get(name);
    if (value !== null && !allowed.includes(value)) throw new RestError(422, 'Validation Failed');
  }
  if (query.has('type') && (query.has('visibility') || query.has('affiliation'))) {
    throw new RestError(422, 'If you specify visibility or affiliation, you cannot specify type.');
  }
}

function isWanted(repository: SimulatedRepository, account: SimulatedAccount, query: URLSearchParams): boolean {
  const type = query.get('type') ?? 'all';
  const visibility = query.get('visibility') ?? (type === 'public' || type === 'private' ? type : 'all');
  if (visibility !== 'all' && (visibility === 'private') !== repository.private) return false;
  const own = repository.owner === undefined;
  if ((type === 'owner' && !own) || (type === 'member' && own)) return false;
  const affiliation = (query.get('affiliation') ?? 'owner,collaborator,organization_member').split(/\s*,\s*/);
  const member = account.organizations?.some(({ login }) => login === repository.owner) ?? false;
  return affiliation.includes(own ? 'owner' : member ? 'organization_member' : 'collaborator');
}

interface Sortable {
  full_name: string;
  created_at: string;
  updated_at: string;
  pushed_at: string;
}

function order(query: URLSearchParams): (one: Sortable, other: Sortable) => number {
  const sort = query.get('sort') ?? 'full_name';
  const keys = { created: 'created_at', updated: 'updated_at', pushed: 'pushed_at' } as const;
  const key = sort === 'created' || sort === 'updated' || sort === 'pushed' ? keys[sort] : 'full_name';
  const sign = (query.get('direction') ?? (key === 'full_name' ? 'asc' : 'desc')) === 'asc' ? 1 : -1;
  return (one, other) => sign * one[key].toLowerCase().localeCompare(other[key].toLowerCase(), 'en');
}
