/** Sends the answer of an MCP server to the client, as it comes (docs/gateway.md, "What passes"). */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type Koa from 'koa';
import { SessionOver } from '../mcp/open-answers.ts';
import type { SessionRef } from '../store/records.ts';
import type { Flowed, ServerAnswer } from './exchange.ts';
import { responseHeaders, SESSION_ID } from './headers.ts';
import { type EndpointParts, serverName } from './parts.ts';
import { Refusal } from './refusal.ts';
import { MAX_LIST, ToolListEvents, UnreadableList, withoutHiddenTools } from './tool-lists.ts';

/** Bytes. */
const PIECE = 64 * 1024;
/** What a header to the client may hold. Node sends nothing else, and readers do not agree on what other bytes mean. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** An answer that may pass, and its head for the client. */
export interface CheckedAnswer {
  readonly answer: ServerAnswer;
  readonly headers: Record<string, string>;
  readonly isStream: boolean;
}

/**
 * Checks the head of an answer.
 * @throws {Refusal} 502 for a redirect, a compressed body, a session id that is not one, or text in a header that is not ASCII;
 *   the exchange has ended then
 */
export function checkHead({ sessionIds }: EndpointParts, ref: SessionRef, answer: ServerAnswer): CheckedAnswer {
  try {
    const { status, headers: received } = answer;
    if (status >= 300 && status < 400) throw new Refusal(502, 'broken', 'the MCP server redirects');
    const encoding = received['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw new Refusal(502, 'broken', 'the MCP server compresses its answer, although it was asked not to');
    const headers = responseHeaders(received);
    for (const [name, value] of Object.entries(headers))
      if (!HEADER_VALUE.test(value)) throw new Refusal(502, 'broken', `the MCP server sent a broken header, ${name}`);
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
  readonly person: string;
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
  checked: CheckedAnswer,
  sending: Sending,
): Promise<void> {
  const { filter, held } = parts;
  if (filter === undefined) return flow(parts, ctx, checked, sending);
  const share = held.share(sending.person);
  ctx.res.once('close', share.release);
  if (checked.isStream) return flow(parts, ctx, checked, sending, new ToolListEvents(filter, share.hold));
  // An error has no list, and may be text.
  if (!sending.listsTools || checked.answer.status >= 300) return flow(parts, ctx, checked, sending);
  const { answer, headers } = checked;
  const list = await answer.read(MAX_LIST, share.hold);
  const shown = Buffer.from(readable(() => withoutHiddenTools(list.toString('utf8'), filter)));
  sending.signal.throwIfAborted();
  headers['content-length'] = String(shown.length);
  begin(parts, ctx, answer.status, headers, sending, Promise.resolve({ bytes: shown.length }));
  Readable.from(pieces(shown)).pipe(ctx.res);
}

/**
 * Sends an answer as it comes.
 * @param events filters the lists of tools in a stream
 * @throws {Refusal} 502 when its first events have a list of tools that cannot be filtered
 */
async function flow(
  parts: EndpointParts,
  ctx: Koa.Context,
  { answer, headers, isStream }: CheckedAnswer,
  sending: Sending,
  events?: ToolListEvents,
): Promise<void> {
  if (events === undefined && answer.headers['content-length'] !== undefined)
    headers['content-length'] = String(answer.headers['content-length']);
  // Proxies in front must not wait for the end of a stream (nginx, "X-Accel-Buffering").
  if (isStream) headers['x-accel-buffering'] = 'no';
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<Flowed>();
  const beginOnce = () => {
    if (ctx.res.headersSent) return;
    begin(parts, ctx, answer.status, headers, sending, over.promise);
    if (isStream) ctx.res.flushHeaders();
    begun.resolve();
  };
  // The first events of a stream with a list are awaited, so that a list that cannot be filtered can be answered 502.
  if (events === undefined || !sending.listsTools) beginOnce();
  const flowing = answer.flow(ctx.res, beginOnce, events);
  void flowing.then((flowed) => {
    if (flowed.error !== undefined && ctx.res.headersSent) cutOff(ctx.res, isStream, sending);
    over.resolve(flowed);
  });
  if (ctx.res.headersSent) return;
  const failed = await Promise.race([begun.promise, flowing]);
  if (failed === undefined || ctx.res.headersSent) return;
  sending.signal.throwIfAborted();
  throw failed.error instanceof Refusal ? failed.error : unreadable(failed.error);
}

/** Sends the head. Whatever happens to the body, its end is told when the connection has taken it or is closed. */
function begin(
  { upstream, events, watchUnread }: EndpointParts,
  ctx: Koa.Context,
  status: number,
  headers: Record<string, string>,
  { onBegin, received }: Sending,
  flowing: Promise<Flowed>,
): void {
  const { res } = ctx;
  // A write to a closed connection emits an error; without a listener it would end the process.
  res.on('error', ignore);
  res.writeHead(status, headers);
  ctx.respond = false;
  onBegin();
  watchUnread(res);
  res.once('close', async () => {
    const { bytes, error } = await flowing;
    const complete = error === undefined && res.writableFinished;
    events.emit('gateway.flow.ended', { server: serverName(upstream), sent: bytes, received, complete });
  });
}

function ignore(): void {}

/** Ends an answer that is not complete, so that the client sees it. */
function cutOff(response: ServerResponse, isStream: boolean, { signal }: Sending): void {
  // A stream whose session is over ends in order, unless the client does not read it.
  if (isStream && signal.reason instanceof SessionOver && response.writableLength === 0) response.end();
  else response.destroy();
}

/** A body in pieces, so that it is seen whether the client reads it. */
function* pieces(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE) yield body.subarray(at, at + PIECE);
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
