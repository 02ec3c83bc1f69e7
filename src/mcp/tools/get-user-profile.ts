/** `get_user_profile`: GitHub's document about the person (`GET /user`), unchanged. */
import { z } from 'zod';
import { defineTool } from '../tool.ts';

/** All that GitHub's document is sure to have, whatever the version of GitHub; the rest goes along. */
const profileSchema = z.looseObject({
  id: z.number().describe('Numeric id, which survives renames'),
  login: z.string().describe('User name'),
});

export const getUserProfile = defineTool({
  name: 'get_user_profile',
  title: 'Get the GitHub profile',
  description: "Returns the GitHub profile of the person who logged in: GitHub's GET /user document, unchanged.",
  inputSchema: z.object({}),
  outputSchema: profileSchema,
  scopes: [],
  annotations: { readOnlyHint: true, openWorldHint: true },
  async handler(_input, { github }) {
    return profileSchema.parse((await github.request('GET /user')).data);
  },
});
