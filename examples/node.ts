// A server of one's own that listens by itself. The settings come from the environment: GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET, …
import { McpServer } from '@modelcontextprotocol/server';
import { githubBridge } from 'mcp-github-bridge';
import { z } from 'zod';

const bridge = await githubBridge({
  env: process.env,
  server: ({ github, requireScopes }) => {
    const server = new McpServer({ name: 'issues', version: '1.0.0' });
    server.registerTool(
      'open_issue',
      {
        description: 'Opens an issue in a repository',
        inputSchema: z.object({ owner: z.string(), repo: z.string(), title: z.string() }),
        scopeChallenge: requireScopes('public_repo'),
      },
      async (issue) => {
        const { data } = await github.rest.issues.create(issue);
        return { content: [{ type: 'text', text: data.html_url }] };
      },
    );
    return server;
  },
});
await bridge.listen();
process.stdout.write(bridge.banner);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void bridge.close());
