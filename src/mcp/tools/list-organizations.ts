/** `list_organizations`: the organisations that the person is a member of. */
import { z } from 'zod';
import { defineTool, hasNextPage } from '../tool.ts';

const organizationSchema = z.looseObject({ id: z.number(), login: z.string(), description: z.string().nullish() });

export const listOrganizations = defineTool({
  name: 'list_organizations',
  title: 'List the organizations',
  description: 'Lists the GitHub organizations that the person is a member of, private memberships included.',
  inputSchema: z.object({ page: z.int().min(1).max(1000).default(1).describe('Page of up to 100') }),
  outputSchema: z.object({ organizations: z.array(organizationSchema), next_page: z.number().nullable() }),
  scopes: ['read:org'],
  annotations: { readOnlyHint: true, openWorldHint: true },
  async handler({ page }, { github }) {
    const { data, headers } = await github.request('GET /user/orgs', { per_page: 100, page });
    return {
      organizations: z.array(organizationSchema).parse(data),
      next_page: hasNextPage(headers) ? page + 1 : null,
    };
  },
});
