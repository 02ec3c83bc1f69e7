/** `get_auth_status`: who is logged in, through which client, with which scopes, and when the tokens expire. */
import { z } from 'zod';
import { defined } from '../../base/defined.ts';
import { defineTool } from '../tool.ts';

export const getAuthStatus = defineTool({
  name: 'get_auth_status',
  title: 'Get the sign-in status',
  description: 'Says who is logged in, through which client, with which scopes, and when the tokens expire.',
  inputSchema: z.object({}),
  outputSchema: z.object({
    login: z.string(),
    id: z.number(),
    client: z.object({ id: z.string(), name: z.string().describe('Chosen by the client') }),
    scopes: z.array(z.string()).describe('Scopes of the access token'),
    github_scopes: z.array(z.string()).describe('Scopes that GitHub granted; empty for a GitHub App'),
    resource: z.string(),
    logged_in_at: z.string(),
    access_token_expires_at: z.string(),
    session_expires_at: z.string(),
    github_token_expires_at: z
      .string()
      .optional()
      .describe('Absent when GitHub set no expiry; it is renewed by itself otherwise'),
  }),
  scopes: [],
  annotations: { readOnlyHint: true, openWorldHint: false },
  async handler(_input, { account, client, scopes, session }) {
    return {
      login: account.login,
      id: account.id,
      client,
      scopes: [...scopes],
      github_scopes: [...session.githubScopes],
      resource: session.resource,
      logged_in_at: session.loggedInAt.toISOString(),
      access_token_expires_at: session.accessTokenExpiresAt.toISOString(),
      session_expires_at: session.expiresAt.toISOString(),
      ...defined({ github_token_expires_at: session.githubTokenExpiresAt?.toISOString() }),
    };
  },
});
