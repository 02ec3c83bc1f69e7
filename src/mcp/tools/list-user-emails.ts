/** `list_user_emails`: the person's e-mail addresses at GitHub. */
import { z } from 'zod';
import { defineTool } from '../tool.ts';

const emailSchema = z.looseObject({
  email: z.string(),
  primary: z.boolean(),
  verified: z.boolean(),
});

export const listUserEmails = defineTool({
  name: 'list_user_emails',
  title: 'List the email addresses',
  description: 'Lists the email addresses of the GitHub account, also those that are not public.',
  inputSchema: z.object({}),
  outputSchema: z.object({ emails: z.array(emailSchema) }),
  scopes: ['user:email'],
  annotations: { readOnlyHint: true, openWorldHint: true },
  async handler(_input, { github }) {
    const { data } = await github.request('GET /user/emails', { per_page: 100 });
    return { emails: z.array(emailSchema).parse(data) };
  },
});
