/** Makes the parts of this folder, in the order in which they depend on each other. */

import type { SessionDirectory } from '../account/session-directory.ts';
import { defined } from '../base/defined.ts';
import type { Operator } from '../config/operator.ts';
import type { GithubApi } from '../github/api.ts';
import type { Resource } from '../oauth/resource-indicators.ts';
import type { UpstreamScopes } from '../oauth/scope.ts';
import type { AccessTokens } from '../oauth/tokens/access-token.ts';
import type { EventBus } from '../observe/events.ts';
import type { Account } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { type Authenticate, createAuthenticate } from './authentication.ts';
import { callerOf, createBearerAuth } from './bearer.ts';
import { createCallContexts } from './call-context.ts';
import type { OpenAnswers } from './open-answers.ts';
import { createMcpServers, type ServerFactory } from './server.ts';
import { createSseTransport, type SseTransport } from './sse.ts';
import { createStreamableHttp, type StreamableHttp } from './streamable-http.ts';
import type { Tool } from './tool.ts';

/** The resource server, as the rest of the bridge uses it. */
export interface Mcp {
  /** The tools that are served; none when a program makes the MCP servers. */
  readonly tools: readonly Tool[];
  readonly streamableHttp: StreamableHttp;
  readonly sse: SseTransport;
  readonly authenticate: Authenticate;
}

interface McpOptions {
  /** All tools that are served. */
  readonly tools: readonly Tool[];
  readonly server?: ServerFactory;
  /** Whether some of them, or the servers, are a program's own, which may take longer than the built-in ones. */
  readonly longCalls: boolean;
  readonly issuer: string;
  readonly resource: Resource;
  readonly accessTokens: AccessTokens;
  readonly scopes: UpstreamScopes;
  readonly store: Store;
  readonly events: EventBus;
  readonly github: GithubApi;
  readonly directory: SessionDirectory;
  readonly answers: OpenAnswers;
  readonly isAdministrator: (account: Account) => Promise<boolean>;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly operator: Operator;
}

/** Creates the parts. */
export function createMcp(options: McpOptions): Mcp {
  const { tools, issuer, scopes, events, github, directory, answers, server: factory } = options;
  const bearer = createBearerAuth(options);
  const contexts = createCallContexts({ github, directory, scopes });
  const servers = createMcpServers({
    tools,
    contexts,
    scopes,
    isAdministrator: (authInfo) => options.isAdministrator(callerOf(authInfo).session.credential.account),
    events,
    operator: options.operator,
    ...defined({ factory }),
  });
  return {
    tools,
    streamableHttp: createStreamableHttp({
      issuer,
      bearer,
      servers,
      answers,
      events,
      longCalls: options.longCalls,
      ownServers: factory !== undefined,
    }),
    sse: createSseTransport({ bearer, servers, answers }),
    authenticate: createAuthenticate({ bearer, contexts, scopes }),
  };
}
