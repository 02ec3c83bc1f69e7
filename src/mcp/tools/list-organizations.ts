/** `list_organizations`: the organisations that the person is a member of. */
import { z } from 'zod';
import { defineTool, nextPage, nextPageSchema } from '../tool.ts';

const organizationSchema = z.looseObject({ id: z.number(), login: z.string() });

export const listOrganizations = defineTool({
  name: 'list_organizations',
  title: 'List the organizations',
  description: 'Lists the GitHub organizations that the person is a member of, private memberships included.',
  inputSchema: z.object({ page: z.int().min(1).max(1000).default(1).describe('Page of up to 100') }),
  outputSchema: z.object({ organizations: z.array(organizationSchema), next_page: nextPageSchema }),
  scopes: ['read:org'],
  annotations: { readOnlyHint: true, openWorldHint: true },
  async handler({ page }, { github }) {
    const { data, headers } = await github.request('GET /user/orgs', { per_page: 100, page });
    return {
      organizations: z.array(organizationSchema).parse(data),
      ...nextPage(page, headers),
    };
  },
});
