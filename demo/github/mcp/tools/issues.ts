/**
 * The toolset `issues`. As at GitHub, an issue is written with `issue_write`, or, with the feature flag `issues_granular`,
 * with `create_issue` in its place.
 */
import type { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { defineTool } from '../tool.ts';

const GRANULAR = 'issues_granular';

const repository = {
  owner: z.string().describe('Login of the owner, a person or an organization.'),
  repo: z.string().describe('Name of the repository.'),
};

export const listIssues = defineTool({
  name: 'list_issues',
  title: 'List issues',
  description: 'List the issues of a repository.',
  toolset: 'issues',
  scope: 'repo',
  failure: 'failed to list issues',
  inputSchema: z.object({
    ...repository,
    state: z.enum(['OPEN', 'CLOSED']).optional().describe('Default: both.'),
    perPage: z.number().int().min(1).max(100).default(30),
  }),
  async handler({ owner, repo, state, perPage }, rest) {
    const wanted = state === 'OPEN' ? 'open' : state === 'CLOSED' ? 'closed' : 'all';
    const { data } = await rest.issues.listForRepo({ owner, repo, state: wanted, per_page: perPage });
    return {
      issues: data.map((issue) => ({
        number: issue.number,
        title: issue.title,
        body: issue.body ?? undefined,
        state: issue.state.toUpperCase(),
        user: { login: issue.user?.login },
        created_at: issue.created_at,
        updated_at: issue.updated_at,
      })),
      totalCount: data.length,
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    };
  },
});

async function create(input: { owner: string; repo: string; title: string; body?: string | undefined }, rest: Octokit) {
  const { owner, repo, title, body = '' } = input;
  const { data } = await rest.issues.create({ owner, repo, title, body });
  return { id: String(data.id), url: data.html_url };
}

/** At GitHub it also updates issues. */
export const issueWrite = defineTool({
  name: 'issue_write',
  title: 'Create or update issue/pull request',
  description: 'Create an issue in a repository.',
  toolset: 'issues',
  scope: 'repo',
  notWith: GRANULAR,
  annotations: { readOnlyHint: false },
  failure: 'failed to create issue',
  inputSchema: z.object({
    method: z.enum(['create']),
    ...repository,
    title: z.string().describe('Title of the issue.'),
    body: z.string().optional().describe('Text of the issue.'),
  }),
  handler: create,
});

export const createIssue = defineTool({
  name: 'create_issue',
  title: 'Create Issue',
  description: 'Create an issue in a repository.',
  toolset: 'issues',
  scope: 'repo',
  onlyWith: GRANULAR,
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
  failure: 'failed to create issue',
  inputSchema: z.object({
    ...repository,
    title: z.string().describe('Title of the issue.'),
    body: z.string().optional().describe('Text of the issue.'),
  }),
  handler: create,
});
