/** The MCP server of one request: its tools, and how the errors of GitHub look in their results. */
import { type CallToolResult, McpServer } from '@modelcontextprotocol/server';
import { Octokit } from '@octokit/rest';
import { z } from 'zod';
import type { Selection } from './selection.ts';
import type { McpTool } from './tool.ts';
import { TOOLS } from './tools/index.ts';

/** As GitHub's own server names itself, but for the version. */
const SERVER = { name: 'github-mcp-server', title: 'GitHub MCP Server', version: 'simulated' };
const USER_AGENT = 'github-mcp-server/simulated';

/** What a request is about. */
export interface RequestState {
  readonly token: string;
  readonly selection: Selection;
}

const silent = () => undefined;

/**
 * Creates the server.
 * @param apiUrl the origin of the REST API
 */
export function createMcpServer({ token, selection }: RequestState, apiUrl: string): McpServer {
  const server = new McpServer(SERVER, {
    capabilities: { tools: { listChanged: false } },
    instructions: 'The simulated GitHub. Start with get_me.',
  });
  for (const tool of TOOLS) {
    const { name, title, description, inputSchema, uiResource } = tool;
    const ui = { resourceUri: uiResource, visibility: ['model', 'app'] };
    const registered = server.registerTool(
      name,
      {
        description,
        inputSchema,
        annotations: { title, idempotentHint: false, ...tool.annotations },
        ...(uiResource !== undefined && selection.mcpApps ? { _meta: { ui } } : {}),
      },
      async (input: unknown, { mcpReq }) => {
        const rest = new Octokit({
          auth: token,
          baseUrl: `${apiUrl}/api/v3`,
          userAgent: USER_AGENT,
          request: { signal: mcpReq.signal },
          log: { debug: silent, info: silent, warn: silent, error: silent },
        });
        return callTool(tool, input, rest);
      },
    );
    // Registered and removed, because a server without any tool would not know tools/list.
    if (!selection.tools.has(tool)) registered.remove();
  }
  return server;
}

async function callTool(tool: McpTool, input: unknown, rest: Octokit): Promise<CallToolResult> {
  try {
    return { content: [{ type: 'text', text: JSON.stringify(await tool.call(input, rest)) }] };
  } catch (error) {
    return { isError: true, content: [{ type: 'text', text: `${tool.failure}: ${errorText(error)}` }] };
  }
}

const restFailureSchema = z.object({
  status: z.number(),
  request: z.object({ method: z.string(), url: z.string() }),
  response: z.object({ headers: z.record(z.string(), z.unknown()), data: z.object({ message: z.string() }) }),
});

/** An error of GitHub as the client library of GitHub's server words it. */
function errorText(error: unknown): string {
  const failure = restFailureSchema.safeParse(error).data;
  if (failure === undefined) return error instanceof Error ? error.message : String(error);
  const { status, request, response } = failure;
  const { 'x-ratelimit-remaining': remaining, 'retry-after': retryAfter } = response.headers;
  if (retryAfter !== undefined) return `GitHub secondary rate limit exceeded. Retry after ${retryAfter}s.`;
  if (status !== 401 && remaining === '0') return 'GitHub API rate limit exceeded. Wait before retrying.';
  return `${request.method} ${request.url}: ${status} ${response.data.message} []`;
}
