/** GET /gists in the REST API: the gists of the person; secret ones only with the scope `gist`. */
import type { RestEndpointMethodTypes } from '@octokit/rest';
import type { SimulatedAccount, SimulatedGist } from './accounts.ts';
import { type Documents, nodeId } from './documents.ts';
import { paginate } from './pagination.ts';
import type { RestParts, RestRoutes } from './rest.ts';

type GistDocument = RestEndpointMethodTypes['gists']['list']['response']['data'][number];

export function addGistRoutes(routes: RestRoutes, { documents }: RestParts): void {
  routes.get('/gists', ['', 'gist'], (viewer, request) => {
    const seesSecret = viewer.may(['gist'], 'gists');
    const visible = (viewer.account.gists ?? []).filter((gist) => seesSecret || gist.public);
    const { page, headers } = paginate(visible, request, documents);
    return { body: page.map((gist) => gistDocument(gist, viewer.account, documents)), headers };
  });
}

function gistDocument(gist: SimulatedGist, account: SimulatedAccount, documents: Documents) {
  const url = documents.urlOf(`/api/v3/gists/${gist.id}`);
  const site = documents.urlOf(`/gist/${account.login}/${gist.id}`);
  const { filename } = gist;
  return {
    id: gist.id,
    node_id: nodeId('Gist', account.id),
    description: gist.description,
    public: gist.public,
    files: {
      [filename]: { filename, type: 'text/plain', language: 'Text', raw_url: `${site}/raw/${filename}`, size: 0 },
    },
    owner: documents.simpleUser(account),
    user: null,
    comments: 0,
    truncated: false,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    url,
    forks_url: `${url}/forks`,
    commits_url: `${url}/commits`,
    comments_url: `${url}/comments`,
    html_url: site,
    git_pull_url: `${site}.git`,
    git_push_url: `${site}.git`,
  } satisfies GistDocument;
}
