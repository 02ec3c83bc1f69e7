/** Makes the endpoints of all MCP servers behind the bridge (`MCP_UPSTREAMS`, `UPSTREAMS_FILE`). */
import type Koa from 'koa';
import type { Dispatcher } from 'undici';
import { type McpUpstream, upstreamPath } from '../config/upstreams.ts';
import type { TokenForwarding } from '../github/forwarding.ts';
import { createBearerAuth } from '../mcp/bearer.ts';
import type { OpenAnswers } from '../mcp/open-answers.ts';
import type { Services } from '../oauth/endpoints/services.ts';
import type { Resource } from '../oauth/resource-indicators.ts';
import { createHeldBytes } from './held-bytes.ts';
import { createIdentityTokens } from './identity-token.ts';
import { createOutgoingTokens } from './outgoing-token.ts';
import { createTarget } from './query.ts';
import { createSessionIds } from './session-ids.ts';
import { createToolFilter } from './tool-filter.ts';
import { createUnreadWatch } from './unread.ts';

/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** Milliseconds. */
const UNREAD_TIMEOUT = 60_000;
/** Milliseconds for which an idle connection is kept, when the server does not say. Node's servers close after five seconds. */
const KEEP_ALIVE = 4_000;
const POOL = { connect: { timeout: CONNECT_TIMEOUT }, keepAliveTimeout: KEEP_ALIVE, pipelining: 1 };

/** The endpoint of one MCP server. */
export interface GatewayEndpoint {
  readonly path: string;
  readonly handle: Koa.Middleware;
}

export interface Gateway {
  readonly endpoints: readonly GatewayEndpoint[];
  /** Ends the connections to all servers. */
  close(): Promise<void>;
}

interface GatewayOptions
  extends Pick<
    Services,
    'issuer' | 'resources' | 'accessTokens' | 'store' | 'secrets' | 'keys' | 'upstream' | 'events' | 'now'
  > {
  readonly answers: OpenAnswers;
  readonly forwarding: TokenForwarding;
  /** For tests: milliseconds after which a client that reads nothing of its answer is cut off. */
  readonly unreadTimeout?: number;
}

/** Creates the gateway. It opens no connection before the first request, and loads its parts only if a server is behind it. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { issuer, resources, accessTokens, store, secrets, keys, answers, forwarding, events, now } = options;
  const { unreadTimeout = UNREAD_TIMEOUT } = options;
  if (resources.all.every(({ upstream }) => upstream === undefined)) return { endpoints: [], async close() {} };
  const [{ createEndpoint }, { EnvHttpProxyAgent, Pool }] = await Promise.all([
    import('./endpoint.ts'),
    import('undici'),
  ]);
  const { scopes } = options.upstream;
  const held = createHeldBytes();
  const watchUnread = createUnreadWatch(unreadTimeout);
  const dispatchers: Dispatcher[] = [];

  /** A pool of its own for each server, so that a slow one does not delay the others. Behind a proxy, as Node's own fetch. */
  function createDispatcher(url: string): Dispatcher {
    // A server that is reached by plain http is near, and the proxy must not read the token.
    return process.env.NODE_USE_ENV_PROXY === '1' && url.startsWith('https:')
      ? new EnvHttpProxyAgent(POOL)
      : new Pool(new URL(url).origin, POOL);
  }

  function endpointOf(upstream: McpUpstream, resource: Resource): GatewayEndpoint {
    const path = upstreamPath(upstream);
    const dispatcher = createDispatcher(upstream.url);
    dispatchers.push(dispatcher);
    const identities = createIdentityTokens({ issuer, audience: upstream.url, keys, now });
    const handle = createEndpoint({
      upstream,
      path,
      bearer: createBearerAuth({ issuer, resource, accessTokens, store, events, scopes, now }),
      answers,
      held,
      sessionIds: createSessionIds(secrets, upstream.url),
      target: createTarget(upstream.url),
      filter: createToolFilter(upstream),
      outgoing: createOutgoingTokens(upstream, forwarding, identities),
      dispatcher,
      origin: new URL(upstream.url).origin,
      scopes,
      events,
      watchUnread,
    });
    return { path, handle };
  }

  return {
    endpoints: resources.all.flatMap((resource) =>
      resource.upstream === undefined ? [] : [endpointOf(resource.upstream, resource)],
    ),
    async close() {
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()));
    },
  };
}
