/** Reading bodies: each route says how many bytes it takes, and as what. */
import type Koa from 'koa';
import { HttpMethodEnum, koaBody } from 'koa-body';

/** The body that a route accepts; a body of another type is not read. */
export interface BodyRule {
  readonly as: 'form' | 'json' | 'bytes';
  /** Bytes. */
  readonly limit: number;
}

/** Creates the middleware that reads the body. A body that is malformed or longer than the limit is a 4xx error. */
export function body({ as, limit }: BodyRule): Koa.Middleware {
  if (as === 'bytes') return readBytes(limit);
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
