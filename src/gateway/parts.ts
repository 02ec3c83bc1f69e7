/** What the endpoint of one MCP server is made of. */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Dispatcher } from 'undici';
import type { McpUpstream } from '../config/upstreams.ts';
import type { BearerAuth } from '../mcp/bearer.ts';
import type { OpenAnswers } from '../mcp/open-answers.ts';
import type { UpstreamScopes } from '../oauth/scope.ts';
import type { EventBus } from '../observe/events.ts';
import type { HeldBytes } from './held-bytes.ts';
import type { OutgoingToken } from './outgoing-token.ts';
import type { SessionIds } from './session-ids.ts';
import type { ToolFilter } from './tool-filter.ts';
import type { UnreadWatch } from './unread.ts';

/** The parts; those of one server, and those that all share. */
export interface EndpointParts {
  readonly upstream: McpUpstream;
  /** The path of the resource. */
  readonly path: string;
  readonly bearer: BearerAuth;
  readonly answers: OpenAnswers;
  readonly held: HeldBytes;
  readonly sessionIds: SessionIds;
  readonly target: (clientQuery: string) => string;
  readonly filter: ToolFilter | undefined;
  readonly outgoing: (authInfo: AuthInfo) => Promise<OutgoingToken>;
  readonly dispatcher: Dispatcher;
  /** Of the MCP server. */
  readonly origin: string;
  readonly scopes: UpstreamScopes;
  readonly events: EventBus;
  readonly watchUnread: UnreadWatch;
}

/** The name of an MCP server in the log and the metrics. */
export function serverName({ name }: Pick<McpUpstream, 'name'>): string {
  return name ?? 'default';
}
