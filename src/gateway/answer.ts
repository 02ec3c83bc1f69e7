/** Sends the answer of an MCP server to the client, as it comes (docs/gateway.md, "What passes"). */
import type { ServerResponse } from 'node:http';
import type Koa from 'koa';
import { SessionOver } from '../mcp/open-answers.ts';
import type { SessionRef } from '../store/records.ts';
import type { Flowed, ServerAnswer } from './exchange.ts';
import { responseHeaders, SESSION_ID } from './headers.ts';
import { type EndpointParts, serverName } from './parts.ts';
import { Refusal } from './refusal.ts';
import { MAX_LIST, ToolListEvents, UnreadableList, withoutHiddenTools } from './tool-lists.ts';

/** An answer that may pass, and its head for the client. */
export interface CheckedAnswer {
  readonly answer: ServerAnswer;
  readonly headers: Record<string, string>;
  readonly isStream: boolean;
}

/**
 * Checks the head of an answer.
 * @throws {Refusal} 502 for a redirect, a compressed body, or a session id that is not one; the exchange has ended then
 */
export function checkHead({ sessionIds }: EndpointParts, ref: SessionRef, answer: ServerAnswer): CheckedAnswer {
  try {
    const { status, headers: received } = answer;
    if (status >= 300 && status < 400) throw new Refusal(502, 'broken', 'the MCP server redirects');
    const encoding = received['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw new Refusal(502, 'broken', 'the MCP server compresses its answer, although it was asked not to');
    const headers = responseHeaders(received);
    const session = received[SESSION_ID];
    if (session !== undefined) headers[SESSION_ID] = sessionIds.wrap(ref, session);
    return { answer, headers, isStream: /^text\/event-stream\b/i.test(headers['content-type'] ?? '') };
  } catch (error) {
    answer.discard();
    throw error;
  }
}

/** How an answer is sent. */
export interface Sending {
  readonly signal: AbortSignal;
  /** Whether it answers `tools/list`. */
  readonly listsTools: boolean;
  /** Bytes of the request. */
  readonly received: number;
  /** Called when the head of the answer is sent. */
  readonly onBegin: () => void;
}

/**
 * Sends a checked answer. Resolves when its head is sent; the body flows on.
 * @throws {Refusal} 502 when it is a list of tools that cannot be filtered
 */
export async function sendAnswer(
  parts: EndpointParts,
  ctx: Koa.Context,
  { answer, headers, isStream }: CheckedAnswer,
  sending: Sending,
): Promise<void> {
  const { filter } = parts;
  if (filter !== undefined && sending.listsTools && !isStream) {
    const list = await answer.read(MAX_LIST);
    const shown = readable(() => withoutHiddenTools(list.toString('utf8'), filter));
    writeHead(ctx, answer.status, { ...headers, 'content-length': String(Buffer.byteLength(shown)) }, sending);
    ctx.res.end(shown);
    end(parts, ctx.res, sending, false, { bytes: Buffer.byteLength(shown) });
    return;
  }
  const events = filter !== undefined && isStream ? new ToolListEvents(filter) : undefined;
  if (events === undefined && answer.headers['content-length'] !== undefined)
    headers['content-length'] = String(answer.headers['content-length']);
  // Proxies in front must not wait for the end of a stream (nginx, "X-Accel-Buffering").
  if (isStream) headers['x-accel-buffering'] = 'no';
  const begun = Promise.withResolvers<void>();
  const begin = () => {
    if (ctx.res.headersSent) return;
    writeHead(ctx, answer.status, headers, sending);
    if (isStream) ctx.res.flushHeaders();
    begun.resolve();
  };
  // The first events of a stream with a list are awaited, so that a list that cannot be filtered can be answered 502.
  if (events === undefined || !sending.listsTools) begin();
  const flowing = answer.flow(ctx.res, begin, events);
  void flowing.then((flowed) => end(parts, ctx.res, sending, isStream, flowed));
  const failed = await Promise.race([begun.promise, flowing]);
  if (failed === undefined || ctx.res.headersSent) return;
  sending.signal.throwIfAborted();
  throw unreadable(failed.error);
}

function writeHead(ctx: Koa.Context, status: number, headers: Record<string, string>, { onBegin }: Sending): void {
  onBegin();
  ctx.respond = false;
  ctx.status = status;
  // A write to a closed connection emits an error; without a listener it would end the process.
  ctx.res.on('error', () => {});
  ctx.res.writeHead(status, headers);
}

/** The body has flowed, or one side has hung up: a client must see that an answer is not complete. */
function end(
  { upstream, events }: EndpointParts,
  response: ServerResponse,
  { signal, received }: Sending,
  isStream: boolean,
  { bytes, error }: Flowed,
): void {
  if (!response.headersSent) return;
  events.emit('gateway.flow.ended', {
    server: serverName(upstream),
    sent: bytes,
    received,
    complete: error === undefined,
  });
  if (error === undefined) return;
  // A stream whose session is over ends in order, unless the client does not read it.
  if (isStream && signal.reason instanceof SessionOver && response.writableLength === 0) response.end();
  else response.destroy();
}

/** @throws {Refusal} 502 for what cannot be filtered */
function readable(filter: () => string): string {
  try {
    return filter();
  } catch (error) {
    throw error instanceof UnreadableList ? unreadable(error) : error;
  }
}

function unreadable(cause: unknown): Refusal {
  return new Refusal(502, 'broken', 'the list of tools of the MCP server cannot be read', { cause });
}
