// The MCP server of the other examples: two tools for the issues of a repository, one that reads and one that writes.
import { McpServer } from '@modelcontextprotocol/server';
import type { CallContext } from 'mcp-github-bridge';
import { z } from 'zod';

const repository = { owner: z.string(), repo: z.string() };

/** The server of one request: `github` calls GitHub's API as the person whose token the request has. */
export function issues({ github, account, requireScopes }: CallContext): McpServer {
  const server = new McpServer({ name: 'issues', version: '1.0.0' });
  server.registerTool(
    'count_open_issues',
    { description: 'Counts the open issues of a repository', inputSchema: z.object(repository) },
    async ({ owner, repo }) => {
      const open = await github.paginate(github.rest.issues.listForRepo, { owner, repo, state: 'open', per_page: 100 });
      return { content: [{ type: 'text', text: `${open.length} open issues, ${account.login}` }] };
    },
  );
  server.registerTool(
    'open_issue',
    {
      description: 'Opens an issue in a repository',
      inputSchema: z.object({ ...repository, title: z.string() }),
      scopeChallenge: requireScopes('public_repo'),
    },
    async ({ owner, repo, title }) => {
      const { data } = await github.rest.issues.create({ owner, repo, title });
      return { content: [{ type: 'text', text: data.html_url }] };
    },
  );
  return server;
}
