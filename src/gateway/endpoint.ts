/**
 * The endpoint of one MCP server: the way of a request from the client to the server and back, in the order of README.md.
 * @see MCP Streamable HTTP
 */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type Koa from 'koa';
import { innermostMessage } from '../base/error-cause.ts';
import type { McpUpstream } from '../config/upstreams.ts';
import { CredentialDead } from '../github/trouble.ts';
import { callerOf, namedCaller } from '../mcp/bearer.ts';
import { SessionOver, tooManyOpen } from '../mcp/open-answers.ts';
import { insufficientScope } from '../mcp/step-up.ts';
import { send } from '../mcp/web-response.ts';
import type { SessionRef } from '../store/records.ts';
import { StoreUnavailable } from '../store/store.ts';
import { checkHead, sendAnswer } from './answer.ts';
import { readBody } from './bodies.ts';
import { stepUpScopes } from './challenge.ts';
import { exchange, type ServerAnswer, type ServerRequest } from './exchange.ts';
import { requestHeaders, SESSION_ID } from './headers.ts';
import { type Described, describeMessage, rawId } from './message.ts';
import type { OutgoingToken } from './outgoing-token.ts';
import { type EndpointParts, serverName } from './parts.ts';
import { type Outcome, Refusal, refusalBody } from './refusal.ts';
import { checkToolCall } from './tool-calls.ts';

/** The status in the log when the client closed the connection before it was answered; as nginx has it. */
const CLIENT_CLOSED_REQUEST = 499;

/** What the parts of one request's way share. */
interface Call {
  readonly authInfo: AuthInfo;
  readonly ref: SessionRef;
  readonly signal: AbortSignal;
  readonly method: ServerRequest['method'];
  readonly body: Buffer;
}

/** Creates the handler of `POST`, `GET` and `DELETE`. */
export function createEndpoint(parts: EndpointParts): Koa.Middleware {
  const { upstream, path, bearer, answers, held } = parts;
  return async (ctx) => {
    const begun = performance.now();
    const authInfo = await bearer.authenticate(ctx.get('authorization'), path);
    if (authInfo instanceof Response) return send(ctx, authInfo);
    const { method } = ctx;
    if (!isMethod(method)) return refuseMethod(ctx);
    const { ref } = callerOf(authInfo).session.grant;
    const signal = answers.open('gateway', ref, ctx.res);
    if (signal === undefined) return send(ctx, tooManyOpen());

    const share = held.share(ref.person);
    let body: Buffer = Buffer.alloc(0);
    let said: Described = { method };
    const report = (outcome: Outcome, status: number, detail?: string) =>
      reportCall(parts, authInfo, said, { outcome, status, milliseconds: performance.now() - begun, detail });
    try {
      body = await readBody(ctx.req, share);
      if (body.length > 0) said = describeMessage(body);
      const { answer, token, listsTools } = await ask(parts, ctx, { authInfo, ref, signal, method, body });
      const challenge = answer.status === 403 ? challengeFor(parts, authInfo, answer, token) : undefined;
      if (challenge !== undefined) {
        answer.discard();
        report('step_up', 403);
        return send(ctx, challenge);
      }
      const onBegin = () => {
        report('answered', answer.status);
        parts.events.emit('gateway.flow.began', { server: serverName(upstream) });
      };
      const checked = checkHead(parts, ref, answer);
      await sendAnswer(parts, ctx, checked, { signal, person: ref.person, listsTools, received: body.length, onBegin });
    } catch (error) {
      await answerError(ctx, error, { signal, body, report, server: upstream, over: () => bearer.sessionOver(path) });
    } finally {
      share.release();
    }
  };
}

function isMethod(method: string): method is ServerRequest['method'] {
  return method === 'GET' || method === 'POST' || method === 'DELETE';
}

/** The router lets HEAD in, where GET is. */
function refuseMethod(ctx: Koa.Context): void {
  ctx.status = 405;
  ctx.set('Allow', 'GET, POST, DELETE');
}

/** Sends the request to the MCP server; once more when it refused a token that has been replaced. */
async function ask(
  parts: EndpointParts,
  ctx: Koa.Context,
  { authInfo, ref, signal, method, body }: Call,
): Promise<{ answer: ServerAnswer; token: OutgoingToken; listsTools: boolean }> {
  const { upstream, filter, target, sessionIds, dispatcher, origin } = parts;
  const called = filter === undefined ? '' : checkToolCall(body, ctx.headers, filter);
  const path = target(ctx.querystring);
  const headers = requestHeaders(ctx.headers, upstream.headers);
  if (body.length > 0) headers['content-length'] = String(body.length);
  const session = ctx.get(SESSION_ID);
  if (session !== '') headers[SESSION_ID] = sessionIds.unwrap(ref, session);
  // A server that is not told who calls could not refuse the event id of another person's stream.
  else if (upstream.credential === 'none') delete headers['last-event-id'];
  // A stream of GET may stay silent.
  const firstByteTimeout = method === 'GET' ? 0 : upstream.firstByteTimeout * 1000;
  const sendWith = ({ token }: OutgoingToken) => {
    signal.throwIfAborted();
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    return exchange(dispatcher, origin, { method, path, headers, body, firstByteTimeout }, signal);
  };

  let token = await parts.outgoing(authInfo);
  let answer = await sendWith(token);
  if (answer.status === 401) {
    answer.discard();
    token = await token.refused();
    answer = await sendWith(token);
    if (answer.status === 401) {
      answer.discard();
      await token.refused();
    }
  }
  return { answer, token, listsTools: called === 'tools/list' };
}

/** The bridge's own challenge in place of the server's; undefined when there is nothing to step up to. */
function challengeFor(
  { scopes }: EndpointParts,
  authInfo: AuthInfo,
  { headers }: ServerAnswer,
  { hasScopes }: OutgoingToken,
): Response | undefined {
  if (!hasScopes) return undefined;
  const { refusedScope = [] } = callerOf(authInfo).session.grant;
  const [first, ...more] = stepUpScopes(headers['www-authenticate'], authInfo.scopes, refusedScope, scopes) ?? [];
  if (first === undefined) return undefined;
  const missing = [first, ...more].filter((scope) => !scopes.covers(authInfo.scopes, scope));
  return insufficientScope(
    { scopes: [first, ...more], errorDescription: `this call needs the scope ${missing.join(' ')}` },
    authInfo.resourceMetadataUrl ?? '',
  );
}

/** Answers what went wrong before the answer of the MCP server began. */
async function answerError(
  ctx: Koa.Context,
  error: unknown,
  {
    signal,
    body,
    report,
    server,
    over,
  }: {
    signal: AbortSignal;
    body: Buffer;
    report: (outcome: Outcome, status: number, detail?: string) => void;
    server: McpUpstream;
    over: () => Response;
  },
): Promise<void> {
  if (error instanceof CredentialDead || signal.reason instanceof SessionOver) {
    report('session_over', 401);
    return send(ctx, over());
  }
  if (signal.aborted || ctx.req.socket.destroyed || ctx.req.errored !== null) {
    report('closed', CLIENT_CLOSED_REQUEST);
    ctx.respond = false;
    ctx.res.statusCode = CLIENT_CLOSED_REQUEST;
    ctx.res.destroy();
    return;
  }
  if (!(error instanceof Refusal)) {
    // Answered by the middleware of all errors; the server may have been called before.
    report('broken', error instanceof StoreUnavailable ? 503 : 500);
    throw error;
  }
  const { cause } = error;
  report(error.outcome, error.status, cause === undefined ? undefined : innermostMessage(cause));
  const named = error.status >= 500 ? `${error.message} (${server.title}, ${new URL(server.url).host})` : error.message;
  ctx.status = error.status;
  ctx.set('Cache-Control', 'no-store');
  if (error.retryAfter !== undefined) ctx.set('Retry-After', String(error.retryAfter));
  ctx.type = 'application/json';
  ctx.body = refusalBody(error.code, named, rawId(body));
}

/** The line of the audit trail: who called what, by which client, with which outcome; never arguments or results. */
function reportCall(
  { upstream, events }: EndpointParts,
  authInfo: AuthInfo,
  said: Described,
  how: { outcome: Outcome; status: number; milliseconds: number; detail: string | undefined },
): void {
  const { detail, ...rest } = how;
  events.emit('gateway.request', {
    server: serverName(upstream),
    ...namedCaller(authInfo),
    ...said,
    ...rest,
    ...(detail === undefined ? {} : { detail }),
  });
}
