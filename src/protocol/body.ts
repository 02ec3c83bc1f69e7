/** Parses request bodies; each route says which format it accepts and at most how many bytes. */
import type Koa from 'koa';
import { HttpMethodEnum, koaBody } from 'koa-body';

/** The body that a route accepts; a body of another type is not read. */
export interface BodyRule {
  readonly as: 'form' | 'json' | 'form or json';
  /** Bytes. */
  readonly limit: number;
}

/** Creates the middleware that reads the body. A body that is malformed or longer than the limit is a 4xx error. */
export function body({ as, limit }: BodyRule): Koa.Middleware {
  return koaBody({
    json: as !== 'form',
    urlencoded: as !== 'json',
    jsonLimit: limit,
    formLimit: limit,
    multipart: false,
    text: false,
    // The raw text is needed to check webhook signatures, and to detect a repeated parameter.
    includeUnparsed: true,
    parsedMethods: [HttpMethodEnum.POST, HttpMethodEnum.PUT],
    onError: unreadable,
  });
}

/** A body that cannot be read is a client error. The library sets no status for some of them, such as broken gzip. */
function unreadable(error: Error): never {
  throw 'status' in error ? error : Object.assign(error, { status: 400 });
}
