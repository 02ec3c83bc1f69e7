/** `get_user_profile`: GitHub's document about the person (`GET /user`), unchanged. */
import { z } from 'zod';
import { defineTool } from '../tool.ts';

export const getUserProfile = defineTool({
  name: 'get_user_profile',
  title: 'Get the GitHub profile',
  description: "Returns the GitHub profile of the person who logged in: GitHub's GET /user document, unchanged.",
  inputSchema: z.object({}),
  outputSchema: z.looseObject({
    id: z.number().describe('Numeric id, which survives renames'),
    login: z.string().describe('User name'),
    name: z.string().nullish(),
    avatar_url: z.string().nullish(),
    html_url: z.string().nullish(),
  }),
  scopes: [],
  annotations: { readOnlyHint: true, openWorldHint: true },
  async handler(_input, { github }) {
    return z.looseObject({ id: z.number(), login: z.string() }).parse((await github.request('GET /user')).data);
  },
});
