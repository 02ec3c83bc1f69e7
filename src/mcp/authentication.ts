/** Authentication of requests to routes that are not the bridge's own: those of a program that the bridge is part of. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { UpstreamScopes } from '../oauth/scope.ts';
import type { BearerAuth } from './bearer.ts';
import type { CallContext, CallContexts } from './call-context.ts';
import { MCP_PATH } from './protected-resource.ts';
import { insufficientScope, missingScopes } from './step-up.ts';

/** The answer to a request whose access token is missing, not valid, or without a needed scope (RFC 6750 section 3). */
export interface Challenge {
  /** 401 or 403. */
  readonly status: number;
  /** With `www-authenticate`, from which MCP clients learn where to log in. */
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON object with `error` and `error_description`. */
  readonly body: string;
  /** Sends it as the answer of a Node server. */
  send(response: ServerResponse): void;
  /** The same as a web-standard response. */
  toResponse(): Response;
}

/** What {@link Authenticate} found: the caller, or the challenge to send. */
export type Authentication =
  | { readonly caller: CallContext; readonly challenge?: undefined }
  | { readonly caller?: undefined; readonly challenge: Challenge };

/**
 * Checks the access token of a request, as at `/mcp`: it was issued for this server, and its session has not ended.
 * @param options.scopes all of them are needed
 * @throws {StoreUnavailable} when the session cannot be read: answer 503
 */
export type Authenticate = (
  request: Request | IncomingMessage,
  options?: { readonly scopes?: readonly string[] },
) => Promise<Authentication>;

interface AuthenticationOptions {
  readonly bearer: BearerAuth;
  readonly contexts: CallContexts;
  readonly scopes: Pick<UpstreamScopes, 'covers'>;
}

/** Creates the function. */
export function createAuthenticate({ bearer, contexts, scopes }: AuthenticationOptions): Authenticate {
  return async (request, { scopes: needed = [] } = {}) => {
    const isWeb = request instanceof Request;
    const authorization = isWeb ? request.headers.get('authorization') : request.headers.authorization;
    const authInfo = await bearer.authenticate(authorization ?? undefined, MCP_PATH);
    if (authInfo instanceof Response) return { challenge: await challengeOf(authInfo) };
    const missing = missingScopes(needed, authInfo.scopes, scopes);
    if (missing !== undefined)
      return { challenge: await challengeOf(insufficientScope(missing, authInfo.resourceMetadataUrl ?? '')) };
    return { caller: await contexts(authInfo, isWeb ? request.signal : signalOf(request)) };
  };
}

/** A connection that is kept has many requests, and one signal for all. */
const signals = new WeakMap<Socket, AbortSignal>();

/** A signal that is aborted when the connection of a request closes. */
function signalOf({ socket }: IncomingMessage): AbortSignal {
  if (socket.destroyed) return AbortSignal.abort();
  const known = signals.get(socket);
  if (known !== undefined) return known;
  const controller = new AbortController();
  socket.once('close', () => controller.abort());
  signals.set(socket, controller.signal);
  return controller.signal;
}

async function challengeOf(response: Response): Promise<Challenge> {
  const { status } = response;
  const body = await response.text();
  const headers = { ...Object.fromEntries(response.headers), 'cache-control': 'no-store' };
  return {
    status,
    headers,
    body,
    send: (answer) => void answer.writeHead(status, headers).end(body),
    toResponse: () => new Response(body, { status, headers }),
  };
}
