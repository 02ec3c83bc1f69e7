/** The toolset `repos`. */
import { z } from 'zod';
import { defineTool } from '../tool.ts';

export const searchRepositories = defineTool({
  name: 'search_repositories',
  title: 'Search repositories',
  description: 'Find repositories by words of their name and description, and by qualifiers such as user:@me.',
  toolset: 'repos',
  scope: 'repo',
  failure: 'failed to search repositories',
  inputSchema: z.object({
    query: z.string().describe('The query, such as `user:@me is:private`.'),
    page: z.number().int().min(1).default(1),
    perPage: z.number().int().min(1).max(100).default(30),
  }),
  async handler({ query, page, perPage }, rest) {
    const { data } = await rest.search.repos({ q: query, page, per_page: perPage });
    return {
      total_count: data.total_count,
      incomplete_results: data.incomplete_results,
      items: data.items.map((item) => ({
        id: item.id,
        name: item.name,
        full_name: item.full_name,
        description: item.description ?? undefined,
        html_url: item.html_url,
        language: item.language ?? undefined,
        stargazers_count: item.stargazers_count,
        private: item.private,
        fork: item.fork,
        archived: item.archived,
        default_branch: item.default_branch,
      })),
    };
  },
});
