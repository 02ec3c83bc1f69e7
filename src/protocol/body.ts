/** Reading bodies: each route says how many bytes it takes, and as what. */
import type { IncomingMessage } from 'node:http';
import type Koa from 'koa';
import { GrowingBytes } from '../base/growing-bytes.ts';
import { eachChunk } from './chunks.ts';

/** The body that a route accepts; a body of another type is not read. */
export interface BodyRule {
  readonly as: 'form' | 'json' | 'bytes';
  /** Bytes. */
  readonly limit: number;
}

/** Creates the middleware that reads the body. A body that is malformed or longer than the limit is a 4xx error. */
export function body({ as, limit }: BodyRule): Koa.Middleware {
  if (as === 'bytes') return keepBytes(limit);
  let read: Koa.Middleware | undefined;
  return async (ctx, next) => {
    read ??= await reader({ as, limit });
    return read(ctx, next);
  };
}

/** The reader of koa-body, which is loaded for the first body, because a start does not need it. */
async function reader({ as, limit }: BodyRule): Promise<Koa.Middleware> {
  const { HttpMethodEnum, koaBody } = await import('koa-body');
  return koaBody({
    json: as === 'json',
    urlencoded: as === 'form',
    jsonLimit: limit,
    formLimit: limit,
    multipart: false,
    text: false,
    // The parsed form hides parameters that are repeated, so only the text is used, and the library parses none of it.
    includeUnparsed: true,
    queryString: { parameterLimit: 0 },
    parsedMethods: [HttpMethodEnum.POST, HttpMethodEnum.PUT],
    onError: unreadable,
  });
}

/** A body that cannot be read is a client error. The library sets no status for some of them, such as broken gzip. */
function unreadable(error: Error): never {
  throw 'status' in error ? error : Object.assign(error, { status: 400 });
}

/** Keeps a body as bytes, for senders who are known by a signature of them. */
function keepBytes(limit: number): Koa.Middleware {
  return async (ctx, next) => {
    ctx.state.bytes = await readBytes(ctx.req, limit).catch((error: Error) => {
      if (error instanceof BodyTooLarge) ctx.set('Connection', 'close');
      return unreadable(error);
    });
    return next();
  };
}

/** The body is longer than the limit. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  readonly status = 413;
}

/**
 * Reads the body of a request whole.
 * @param limit bytes
 * @param hold called with the bytes of memory that the body takes, whenever they grow
 * @throws {BodyTooLarge} when it is longer, at once when its `Content-Length` says so. The rest is thrown away as it comes: if
 *   the connection closed while the client sends, the client could lose the answer (RFC 9112 section 9.6).
 * @throws {Error} when the connection closes before its end
 * @throws what `hold` throws
 */
export async function readBytes(
  request: IncomingMessage,
  limit: number,
  hold: (bytes: number) => void = () => {},
): Promise<Buffer> {
  const body = new GrowingBytes();
  const check = (length: number) => {
    if (length > limit) throw new BodyTooLarge(`the body is longer than ${limit} bytes`);
  };
  try {
    const most = Number(request.headers['content-length'] ?? limit);
    check(most);
    await eachChunk(request, (chunk) => {
      check(body.bytes.length + chunk.length);
      body.append(chunk, most);
      hold(body.capacity);
    });
  } catch (error) {
    request.resume();
    throw error;
  }
  return body.bytes;
}

/** The body of a route that takes bytes. */
export function bodyBytes(ctx: Koa.Context): Buffer {
  const bytes: unknown = ctx.state.bytes;
  if (!Buffer.isBuffer(bytes)) throw new TypeError('the route takes no bytes');
  return bytes;
}
