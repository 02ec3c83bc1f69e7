/**
 * Sends a web-standard `Response`, which the MCP SDK returns, as the answer of a Koa request. What is complete is sent as
 * one body; only an event stream that goes on is copied in pieces.
 */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type Koa from 'koa';

/** Bytes that may be queued for a client that does not read its answer. */
export const MAX_UNREAD_BYTES = 1024 * 1024;

/** Bytes of an event stream that are taken together. A longer one is copied, to see whether the client reads it. */
const MAX_TAKEN_BYTES = 64 * 1024;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** A response that has begun: its first bytes are there, if it has any. */
export interface BegunResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | Buffer;
  /** The event stream that goes on after `body`. */
  readonly rest?: { readonly reader: Reader; readonly next: ReturnType<Reader['read']> };
}

/** Sends a response that is no event stream. */
export async function send(ctx: Koa.Context, response: Response): Promise<void> {
  sendBegun(ctx, await begin(response));
}

/**
 * Waits for a response: for the whole, or for the first bytes of an event stream, with all that follows in the same turn of
 * the event loop. The answer to one call is complete then, unless notifications come before it.
 */
export async function begin(response: Response): Promise<BegunResponse> {
  const { status, headers, body } = response;
  if (body === null) return { status, headers, body: '' };
  if (!/^text\/event-stream\b/.test(headers.get('content-type') ?? ''))
    return { status, headers, body: await response.text() };
  const reader: Reader = body.getReader();
  const taken: Uint8Array[] = [];
  let length = 0;
  let piece = await reader.read();
  const endOfTurn = nextTurn(undefined);
  while (!piece.done) {
    taken.push(piece.value);
    length += piece.value.length;
    const next = reader.read();
    const settled = length < MAX_TAKEN_BYTES ? await Promise.race([next, endOfTurn]) : undefined;
    if (settled === undefined) return { status, headers, body: Buffer.concat(taken), rest: { reader, next } };
    piece = settled;
  }
  return { status, headers, body: Buffer.concat(taken) };
}

/** Sends a response that has begun. Its status may be decided until then. */
export function sendBegun(ctx: Koa.Context, { status, headers, body, rest }: BegunResponse): void {
  ctx.status = status;
  // `Connection` applies to one connection only and must not be forwarded (RFC 9110 section 7.6.1).
  for (const [name, value] of headers) if (name !== 'connection') ctx.set(name, value);
  if (status === 401 || status === 403) ctx.set('Cache-Control', 'no-store');
  // Without a body Koa would turn 202 into 204.
  ctx.body = body.length === 0 ? '' : body;
  if (rest === undefined) return;
  ctx.respond = false;
  ctx.remove('Content-Length');
  const { res } = ctx;
  // A write to a closed connection emits an error; without a listener it would end the process.
  res.on('error', () => {});
  res.once('close', () => void rest.reader.cancel().catch(() => {}));
  res.write(body);
  copy(rest, res, body.length).catch(() => res.destroy());
}

/**
 * Copies an event stream as it comes, because the SDK queues without limit what the client does not read.
 * @param written bytes that were written before
 * @throws {Error} when more than {@link MAX_UNREAD_BYTES} are queued besides the newest piece, which may be longer than that;
 *   or when the stream fails
 */
async function copy(
  { reader, next }: NonNullable<BegunResponse['rest']>,
  response: ServerResponse,
  written: number,
): Promise<void> {
  let newest = written;
  const isUnread = () => response.writableLength - newest > MAX_UNREAD_BYTES;
  for (let piece = await next; !piece.done; piece = await reader.read()) {
    // The connection takes bytes only between two turns of the event loop.
    if (isUnread()) await nextTurn();
    if (isUnread()) throw new Error('the client does not read its answer');
    response.write(piece.value);
    newest = piece.value.length;
  }
  response.end();
}

/** Ends a response that will not be sent. That its stream has failed does not matter then. */
export async function discard({ rest }: BegunResponse): Promise<void> {
  await Promise.allSettled([rest?.next, rest?.reader.cancel()]);
}
