/** `get_auth_status`: who is logged in, through which client, with which scopes, and when the tokens expire. */
import { z } from 'zod';
import { displayText } from '../../web/display.ts';
import { defineTool } from '../tool.ts';

/** Characters of the client's name, which the client chose. */
const MAX_NAME = 60;

const instant = (epochSeconds: number) => new Date(epochSeconds * 1000).toISOString();

export const getAuthStatus = defineTool({
  name: 'get_auth_status',
  title: 'Get the login status',
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
      .nullable()
      .describe('Null when GitHub set no expiry; it is renewed by itself otherwise'),
  }),
  scopes: [],
  annotations: { readOnlyHint: true, openWorldHint: false },
  async handler(_input, { caller: { session, expiresAt }, scopes }) {
    const { grant, credential } = session;
    return {
      login: credential.account.login,
      id: credential.account.id,
      client: { id: grant.clientId, name: displayText(grant.clientName, MAX_NAME) },
      scopes: [...scopes],
      github_scopes: [...credential.scope],
      resource: grant.resource,
      logged_in_at: instant(grant.authTime),
      access_token_expires_at: instant(expiresAt),
      session_expires_at: instant(grant.expiresAt),
      github_token_expires_at: credential.accessExpiresAt === undefined ? null : instant(credential.accessExpiresAt),
    };
  },
});
