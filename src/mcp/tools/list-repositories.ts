/** `list_repositories`: the person's repositories; private ones too if the token has the scope `repo`. */
import { z } from 'zod';
import { defineTool, nextPage, nextPageSchema } from '../tool.ts';

const repositorySchema = z.looseObject({
  id: z.number(),
  full_name: z.string(),
  private: z.boolean(),
  html_url: z.string(),
});

export const listRepositories = defineTool({
  name: 'list_repositories',
  title: 'List the repositories',
  description:
    'Lists repositories that the person owns, works on, or reaches through an organization. Private ones need the scope repo.',
  inputSchema: z.object({
    page: z.int().min(1).max(1000).default(1).describe('Page of up to 100'),
    sort: z.enum(['created', 'updated', 'pushed', 'full_name']).default('pushed'),
  }),
  outputSchema: z.object({ repositories: z.array(repositorySchema), next_page: nextPageSchema }),
  scopes: ['public_repo'],
  annotations: { readOnlyHint: true, openWorldHint: true },
  async handler({ page, sort }, { github, scopes }) {
    // GitHub may have granted more than this token's scope. The tool answers only what the token's scope allows.
    const visibility = scopes.includes('repo') ? 'all' : 'public';
    const { data, headers } = await github.request('GET /user/repos', { per_page: 100, page, sort, visibility });
    return {
      repositories: z.array(repositorySchema).parse(data),
      ...nextPage(page, headers),
    };
  },
});
