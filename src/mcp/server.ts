/**
 * The MCP server: one factory for every protocol version (design decision 2). Each request, and each SSE stream, gets a
 * new server: one with the tools that its caller may see (one tool, for a request that calls one), or one that the program
 * makes which the bridge is part of.
 */
import { type AuthInfo, type CallToolResult, McpServer } from '@modelcontextprotocol/server';
import { defined } from '../base/defined.ts';
import { VERSION } from '../base/version.ts';
import { within } from '../base/within.ts';
import type { Operator } from '../config/operator.ts';
import { CredentialDead, GithubTrouble } from '../github/trouble.ts';
import type { UpstreamScopes } from '../oauth/scope.ts';
import type { EventBus } from '../observe/events.ts';
import type { Actor } from '../observe/request-context.ts';
import { StoreUnavailable } from '../store/store.ts';
import { negotiateLocale, toolTitle } from '../web/locale.ts';
import { callerOf, namedCaller } from './bearer.ts';
import type { CallContext, CallContexts } from './call-context.ts';
import { missingScopes } from './step-up.ts';
import type { Tool } from './tool.ts';

const SERVER = { name: 'mcp-github-bridge', version: VERSION };
/** What people see in their client where the operator has no name. */
const TITLE = 'GitHub';
const INSTRUCTIONS = 'Tools that act on the GitHub account of the person who logged in. Start with get_user_profile.';
/** Calls of one person that may be under way, over both transports; a batch is as many calls as it has. */
const MAX_CALLS_PER_PERSON = 100;
/** Milliseconds that a program has to make a server. */
const FACTORY_LIMIT = 30_000;
/** Milliseconds for which a client may cache its list of tools. */
const LIST_TTL = 60_000;

/** Makes the MCP server of one request, or of one SSE stream: a new one each time, because it serves one caller. */
export type ServerFactory = (context: CallContext) => McpServer | Promise<McpServer>;

/** What a program adds to the MCP server, or puts in its place. */
export interface McpExtensions {
  /** Tools beside the built-in ones. */
  readonly tools?: readonly Tool[] | undefined;
  /** Makes the MCP server of each request, in place of the built-in tools. */
  readonly server?: ServerFactory | undefined;
}

interface McpServerOptions {
  readonly tools: readonly Tool[];
  /** Makes the servers instead of the tools. */
  readonly factory?: ServerFactory;
  readonly contexts: CallContexts;
  readonly scopes: Pick<UpstreamScopes, 'covers'>;
  readonly isAdministrator: (authInfo: AuthInfo) => Promise<boolean>;
  readonly events: EventBus;
  readonly operator: Operator;
}

/** The factory of MCP servers. */
export interface McpServers {
  /**
   * Creates the server of one caller.
   * @param acceptLanguage the header `Accept-Language`, all that an MCP client can say of a language; the titles of tools follow it
   * @param signal aborted when nobody waits for its answers
   */
  create(authInfo: AuthInfo, acceptLanguage: string | undefined, signal: AbortSignal): Promise<McpServer>;
}

/** Creates the factory. */
export function createMcpServers(options: McpServerOptions): McpServers {
  const { tools, factory, contexts, scopes, events, operator } = options;
  const description = { ...SERVER, title: operator.name ?? TITLE, ...defined({ websiteUrl: operator.url }) };
  const underWay = new Map<string, number>();
  /** What the factory made: each has the context of one caller. */
  const made = new WeakSet<McpServer>();

  async function call(tool: Tool, input: unknown, authInfo: AuthInfo, signal: AbortSignal): Promise<CallToolResult> {
    const { person } = callerOf(authInfo).session.grant.ref;
    const others = underWay.get(person) ?? 0;
    if (others >= MAX_CALLS_PER_PERSON)
      return errorResult(`${others} calls are under way already. Try again in a few seconds.`);
    underWay.set(person, others + 1);
    const begun = performance.now();
    let outcome: 'ok' | 'error' = 'error';
    try {
      // The transports check the scopes first, to answer with a challenge. This check holds for every transport.
      const challenge = missingScopes(tool.scopes, authInfo.scopes, scopes, tool.name);
      if (challenge !== undefined) return errorResult(`${challenge.errorDescription}.`);
      events.context.by('tool', actorOf(tool, authInfo));
      const result = await tool.call(input, await contexts(authInfo, signal));
      outcome = 'ok';
      return result;
    } catch (error) {
      // The answer has ended, with its session or its connection: nobody reads this.
      if (signal.aborted) return errorResult('The call was cancelled.');
      return errorResult(errorText(error, events));
    } finally {
      const left = (underWay.get(person) ?? 1) - 1;
      if (left > 0) underWay.set(person, left);
      else underWay.delete(person);
      const milliseconds = performance.now() - begun;
      events.emit('tool.called', { ...namedCaller(authInfo), tool: tool.name, outcome, milliseconds });
    }
  }

  async function withTools(authInfo: AuthInfo, acceptLanguage: string | undefined): Promise<McpServer> {
    const server = new McpServer(description, {
      capabilities: { tools: { listChanged: false } },
      instructions: INSTRUCTIONS,
      cacheHints: { 'tools/list': { ttlMs: LIST_TTL, cacheScope: 'private' } },
    });
    const { calledTool } = callerOf(authInfo);
    const locale = negotiateLocale(undefined, acceptLanguage);
    const needed = calledTool === undefined ? tools : tools.filter((tool) => tool.name === calledTool);
    const administrator = needed.some((tool) => tool.administratorsOnly) && (await options.isAdministrator(authInfo));
    for (const tool of needed) {
      if (tool.administratorsOnly && !administrator) continue;
      const { name, description, inputSchema, outputSchema, annotations } = tool;
      server.registerTool(
        name,
        {
          title: toolTitle(locale, tool),
          description,
          inputSchema,
          outputSchema,
          annotations,
          scopeChallenge: ({ authInfo: token }) => token && missingScopes(tool.scopes, token.scopes, scopes, name),
        },
        // Over SSE each message has a token of its own, perhaps with other scopes than that which opened the stream.
        (input: unknown, { http, mcpReq }) => call(tool, input, http?.authInfo ?? authInfo, mcpReq.signal),
      );
    }
    return server;
  }

  return {
    async create(authInfo, acceptLanguage, signal) {
      if (factory === undefined) return withTools(authInfo, acceptLanguage);
      const context = await contexts(authInfo, signal);
      const late = () => new Error(`the option "server" made no McpServer in ${FACTORY_LIMIT / 1000} seconds`);
      const server = await within(FACTORY_LIMIT, (async () => factory(context))(), late, signal);
      if (!isMcpServer(server))
        throw new TypeError('the option "server" must return an McpServer of @modelcontextprotocol/server 2');
      if (made.has(server) || server.isConnected())
        throw new TypeError(
          'the option "server" must make a new McpServer each time: the context of another caller is in this one',
        );
      made.add(server);
      return server;
    },
  };
}

/** Not `instanceof`: the program may have another copy of the SDK. An `McpServer` of SDK 1 knows no scope challenges. */
function isMcpServer(value: unknown): value is McpServer {
  return typeof value === 'object' && value !== null && 'connect' in value && 'resolveScopeChallenge' in value;
}

/** Who acts by a tool, for the audit trail. */
function actorOf(tool: Tool, authInfo: AuthInfo): Actor {
  const { person, githubId, githubLogin } = namedCaller(authInfo);
  return { kind: tool.administratorsOnly ? 'administrator' : 'person', person, githubId, githubLogin };
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
  events.emit('request.failed', { error, expected: false, reason: 'server_error', path: '/mcp' });
  return 'Something went wrong in this tool. The session is kept; the operator of this server finds the reason in the log.';
}
