/** Reading bodies: each route says how many bytes it takes, and as what. */
import type Koa from 'koa';

/** The body that a route accepts; a body of another type is not read. */
export interface BodyRule {
  readonly as: 'form' | 'json' | 'bytes';
  /** Bytes. */
  readonly limit: number;
}

/** Creates the middleware that reads the body. A body that is malformed or longer than the limit is a 4xx error. */
export function body({ as, limit }: BodyRule): Koa.Middleware {
  if (as === 'bytes') return readBytes(limit);
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
    // The parsed form hides parameters that are repeated.
    includeUnparsed: true,
    parsedMethods: [HttpMethodEnum.POST, HttpMethodEnum.PUT],
    onError: unreadable,
  });
}

/** A body that cannot be read is a client error. The library sets no status for some of them, such as broken gzip. */
function unreadable(error: Error): never {
  throw 'status' in error ? error : Object.assign(error, { status: 400 });
}

/** Reads a body without parsing it, for senders who are known by a signature of its bytes. */
function readBytes(limit: number): Koa.Middleware {
  return async (ctx, next) => {
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of ctx.req) {
        length += (chunk as Buffer).length;
        if (length > limit) throw Object.assign(new Error('the body is too large'), { status: 413 });
        chunks.push(chunk as Buffer);
      }
    } catch (error) {
      unreadable(error instanceof Error ? error : new Error(String(error)));
    }
    ctx.state.bytes = Buffer.concat(chunks);
    return next();
  };
}

/** The body of a route that takes bytes. */
export function bodyBytes(ctx: Koa.Context): Buffer {
  const bytes: unknown = ctx.state.bytes;
  if (!Buffer.isBuffer(bytes)) throw new TypeError('the route takes no bytes');
  return bytes;
}
