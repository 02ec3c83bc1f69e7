// A tool beside the built-in ones: its name, its schemas, the scopes that it needs, and a handler.
import { defineTool, githubBridge } from 'mcp-github-bridge';
import { z } from 'zod';

const openIssue = defineTool({
  name: 'open_issue',
  title: 'Open an issue',
  description: 'Opens an issue in a repository',
  inputSchema: z.object({ owner: z.string(), repo: z.string(), title: z.string() }),
  outputSchema: z.object({ url: z.string() }),
  scopes: ['public_repo'],
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
  async handler({ owner, repo, title }, { github }) {
    const { data } = await github.rest.issues.create({ owner, repo, title });
    return { url: data.html_url };
  },
});

const bridge = await githubBridge({ env: process.env, tools: [openIssue] });
await bridge.listen();
process.stdout.write(bridge.banner);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void bridge.close());
