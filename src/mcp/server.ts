/**
 * The MCP server: one factory for every protocol version (design decision 2). Each request, and each SSE stream, gets a
 * new server with the tools that its caller may see; a request that calls one tool, a server with that tool.
 */
import { type AuthInfo, type CallToolResult, McpServer, type ServerContext } from '@modelcontextprotocol/server';
import type { SessionDirectory } from '../account/session-directory.ts';
import type { GithubApi } from '../github/api.ts';
import type { GithubClient } from '../github/api-call.ts';
import { CredentialDead, GithubTrouble } from '../github/trouble.ts';
import type { EventBus } from '../observe/events.ts';
import { StoreUnavailable } from '../store/store.ts';
import { callerOf } from './bearer.ts';
import type { StepUp } from './step-up.ts';
import type { Tool } from './tool.ts';

const SERVER = { name: 'mcp-github-bridge', title: 'GitHub', version: '0.1.0' };
const INSTRUCTIONS = 'Tools that act on the GitHub account of the person who logged in. Start with get_user_profile.';
/** Calls of one person that may be under way, over both transports; a batch is as many calls as it has. */
const MAX_CALLS_PER_PERSON = 100;
/** Milliseconds for which a client may cache its list of tools. */
const LIST_TTL = 60_000;

interface McpServerOptions {
  readonly tools: readonly Tool[];
  readonly github: GithubApi;
  readonly directory: SessionDirectory;
  readonly stepUp: StepUp;
  readonly isAdministrator: (authInfo: AuthInfo) => Promise<boolean>;
  readonly events: EventBus;
}

/** The factory of MCP servers. */
export interface McpServers {
  /** Creates the server of one caller. */
  create(authInfo: AuthInfo | undefined): Promise<McpServer>;
}

/** Creates the factory. */
export function createMcpServers(options: McpServerOptions): McpServers {
  const { tools, github, directory, stepUp, events } = options;
  const underWay = new Map<string, number>();

  async function call(tool: Tool, input: unknown, { http, mcpReq }: ServerContext): Promise<CallToolResult> {
    const authInfo = http?.authInfo;
    const caller = callerOf(authInfo);
    const { person } = caller.session.grant.ref;
    const others = underWay.get(person) ?? 0;
    if (others >= MAX_CALLS_PER_PERSON)
      return errorResult(`${others} calls are under way already. Try again in a few seconds.`);
    underWay.set(person, others + 1);
    const begun = performance.now();
    let outcome: 'ok' | 'error' = 'error';
    try {
      // The transports check the scopes first, to answer with a challenge. This check holds for every transport.
      const challenge = stepUp.challenge(tool.name, authInfo);
      if (challenge !== undefined) return errorResult(`${challenge.errorDescription}.`);
      const createClient = await github.clients();
      let client: GithubClient | undefined;
      const result = await tool.call(input, {
        caller,
        scopes: authInfo?.scopes ?? [],
        // Made when a handler asks for it, because many tools do without.
        get github() {
          client ??= createClient(caller.session.credential, {
            signal: mcpReq.signal,
            onDead() {
              caller.credentialDied = true;
            },
          });
          return client;
        },
        directory,
      });
      outcome = 'ok';
      return result;
    } catch (error) {
      // The answer has ended, with its session or its connection: nobody reads this.
      if (mcpReq.signal.aborted) return errorResult('The call was cancelled.');
      return errorResult(errorText(error, events));
    } finally {
      const left = (underWay.get(person) ?? 1) - 1;
      if (left > 0) underWay.set(person, left);
      else underWay.delete(person);
      events.emit('tool.called', { tool: tool.name, outcome, milliseconds: performance.now() - begun });
    }
  }

  return {
    async create(authInfo) {
      const server = new McpServer(SERVER, {
        capabilities: { tools: { listChanged: false } },
        instructions: INSTRUCTIONS,
        cacheHints: { 'tools/list': { ttlMs: LIST_TTL, cacheScope: 'private' } },
      });
      const called = authInfo === undefined ? undefined : callerOf(authInfo).calledTool;
      const needed = called === undefined ? tools : tools.filter((tool) => tool.name === called);
      const administrator =
        authInfo !== undefined &&
        needed.some((tool) => tool.administratorsOnly) &&
        (await options.isAdministrator(authInfo));
      for (const tool of needed) {
        if (tool.administratorsOnly && !administrator) continue;
        const { name, title, description, inputSchema, outputSchema, annotations } = tool;
        server.registerTool(
          name,
          {
            title,
            description,
            inputSchema,
            outputSchema,
            annotations,
            scopeChallenge: ({ authInfo: caller }) => stepUp.challenge(name, caller),
          },
          (input: unknown, context) => call(tool, input, context),
        );
      }
      return server;
    },
  };
}

function errorResult(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] };
}

/** The text of an error for the person who uses the client (design decision 10). */
function errorText(error: unknown, events: EventBus): string {
  if (error instanceof CredentialDead) return 'GitHub has ended this session. Log in again.';
  if (error instanceof GithubTrouble) {
    const when = error.retryAfter === undefined ? '' : ` Try again in ${error.retryAfter} seconds.`;
    return `${error.message}.${when}`;
  }
  if (error instanceof StoreUnavailable)
    return 'The bridge cannot reach its store. Your session is kept; try again in a few seconds.';
  events.emit('request.failed', { error, expected: false, reference: '', path: '/mcp' });
  return 'Something went wrong in the bridge. The session is kept; its operator finds the reason in the log.';
}
