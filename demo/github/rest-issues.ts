/**
 * Issues and what follows from them in the REST API: GET and POST /repos/:owner/:repo/issues, PATCH of one issue, and
 * GET /notifications.
 */
import type { RestEndpointMethodTypes } from '@octokit/rest';
import type { SimulatedIssue } from './accounts.ts';
import type { Directory, ListedRepository } from './directory.ts';
import { type Documents, nodeId } from './documents.ts';
import { paginate } from './pagination.ts';
import type { RestParts, RestRequest, RestRoutes, Viewer } from './rest.ts';
import { RestError } from './rest-error.ts';

type IssueDocument = RestEndpointMethodTypes['issues']['listForRepo']['response']['data'][number];

interface IssueParts extends RestParts {
  now(): number;
}

export function addIssueRoutes(routes: RestRoutes, { directory, documents, now }: IssueParts): void {
  routes.get('/repos/:owner/:repo/issues', ['', 'repo'], (viewer, request) => {
    const listed = visibleRepository(directory, viewer, request);
    const state = request.query.get('state') ?? 'open';
    const wanted = (listed.repository.issues ?? []).filter((issue) => state === 'all' || issue.state === state);
    const { page, headers } = paginate(wanted.toReversed(), request, documents);
    return { body: page.map((issue) => issueDocument(issue, listed, directory, documents)), headers };
  });

  routes.post('/repos/:owner/:repo/issues', ['', 'repo'], (viewer, request) => {
    const listed = visibleRepository(directory, viewer, request);
    const { repository } = listed;
    checkMayWrite(viewer, listed);
    const title = request.form.get('title') ?? '';
    if (title === '') throw invalid('title', 'missing_field');
    const issues = repository.issues ?? [];
    const issue: SimulatedIssue = {
      number: (issues.at(-1)?.number ?? 0) + 1,
      title,
      body: request.form.get('body') ?? '',
      state: 'open',
      authorId: viewer.account.id,
      createdAt: new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    };
    repository.issues = [...issues, issue];
    return { status: 201, body: issueDocument(issue, listed, directory, documents) };
  });

  routes.patch('/repos/:owner/:repo/issues/:number', ['', 'repo'], (viewer, request) => {
    const listed = visibleRepository(directory, viewer, request);
    checkMayWrite(viewer, listed);
    const issue = listed.repository.issues?.find(({ number }) => String(number) === request.params.number);
    // Others than the author and the owner see the issue, and may not change it.
    if (issue === undefined) throw new RestError(404, 'Not Found');
    if (![issue.authorId, listed.account.id].includes(viewer.account.id))
      throw new RestError(403, 'Must have admin rights to Repository.');
    const state = request.form.get('state') ?? issue.state;
    if (state !== 'open' && state !== 'closed') throw invalid('state', 'invalid');
    issue.state = state;
    issue.title = request.form.get('title') ?? issue.title;
    return { body: issueDocument(issue, listed, directory, documents) };
  });

  // An open issue that somebody else wrote in the person's own repository is a notification.
  routes.get('/notifications', ['notifications', 'repo'], (viewer, request) => {
    if (viewer.record.app.kind === 'github-app') throw new RestError(403, 'Resource not accessible by integration');
    if (!viewer.may(['notifications', 'repo'], '')) {
      throw new RestError(403, "Missing the 'notifications' scope.", {
        documentationUrl: 'https://docs.github.com/rest/activity/notifications',
      });
    }
    const listed = directory.repositories().filter(({ account }) => account === viewer.account);
    const all = listed.flatMap((one) =>
      (one.repository.issues ?? [])
        .filter(({ state, authorId }) => state === 'open' && authorId !== viewer.account.id)
        .map((issue) => notificationDocument(issue, one, documents)),
    );
    const { page, headers } = paginate(all, request, documents);
    return { body: page, headers };
  });
}

/** @throws {RestError} when the token may not write issues, or the repository has none */
function checkMayWrite(viewer: Viewer, { repository }: ListedRepository): void {
  if (!viewer.may(['public_repo'], 'issues')) {
    throw viewer.record.app.kind === 'github-app'
      ? new RestError(403, 'Resource not accessible by integration')
      : new RestError(404, 'Not Found');
  }
  if (repository.issuesDisabled) throw new RestError(410, 'Issues has been disabled in this repository.');
}

/** GitHub's answer to an issue with a field that is wrong. */
function invalid(field: string, code: 'missing_field' | 'invalid'): RestError {
  return new RestError(422, 'Validation Failed', { errors: [{ resource: 'Issue', field, code }] });
}

/** @throws {RestError} 404 when there is none, or the token may not see it */
function visibleRepository(directory: Directory, viewer: Viewer, { params }: RestRequest): ListedRepository {
  const listed = directory.findRepository(params.owner ?? '', params.repo ?? '');
  const seen = listed && (!listed.repository.private || mayReadPrivate(viewer, listed));
  if (listed === undefined || !seen) throw new RestError(404, 'Not Found');
  return listed;
}

function mayReadPrivate(viewer: Viewer, { account }: ListedRepository): boolean {
  return account === viewer.account && viewer.may(['repo'], 'contents');
}

function issueDocument(issue: SimulatedIssue, listed: ListedRepository, directory: Directory, documents: Documents) {
  const { full_name, url, html_url } = documents.repository(listed.account, listed.repository);
  const id = listed.repository.id * 1000 + issue.number;
  return {
    id,
    node_id: nodeId('Issue', id),
    number: issue.number,
    title: issue.title,
    body: issue.body ?? null,
    state: issue.state,
    state_reason: issue.state === 'closed' ? 'completed' : null,
    locked: false,
    user: documents.simpleUser(directory.account(issue.authorId)),
    author_association: issue.authorId === listed.account.id ? 'OWNER' : 'NONE',
    labels: [],
    assignee: null,
    assignees: [],
    milestone: null,
    comments: 0,
    created_at: issue.createdAt,
    updated_at: issue.createdAt,
    closed_at: issue.state === 'closed' ? issue.createdAt : null,
    url: `${url}/issues/${issue.number}`,
    repository_url: url,
    labels_url: `${url}/issues/${issue.number}/labels{/name}`,
    comments_url: `${url}/issues/${issue.number}/comments`,
    events_url: `${url}/issues/${issue.number}/events`,
    html_url: `${html_url}/issues/${issue.number}`,
    timeline_url: documents.urlOf(`/api/v3/repos/${full_name}/issues/${issue.number}/timeline`),
  } satisfies IssueDocument;
}

function notificationDocument(issue: SimulatedIssue, { account, repository }: ListedRepository, documents: Documents) {
  const document = documents.repository(account, repository);
  const id = String(repository.id * 1000 + issue.number);
  return {
    id,
    unread: true,
    reason: 'subscribed',
    updated_at: issue.createdAt,
    last_read_at: null,
    subject: {
      title: issue.title,
      url: `${document.url}/issues/${issue.number}`,
      latest_comment_url: `${document.url}/issues/${issue.number}`,
      type: 'Issue',
    },
    repository: document,
    url: documents.urlOf(`/api/v3/notifications/threads/${id}`),
    subscription_url: documents.urlOf(`/api/v3/notifications/threads/${id}/subscription`),
  };
}
