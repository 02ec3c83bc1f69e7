/** Parsing bodies: each route says how many bytes it takes, and as what. */
import type Koa from 'koa';
import { HttpMethodEnum, koaBody } from 'koa-body';

/** What a route takes as its body; everything else is left unread. */
export interface BodyRule {
  readonly as: 'form' | 'json' | 'form or json';
  /** Bytes. */
  readonly limit: number;
}

/** Reads the body of a request. A body that cannot be read, or is longer than the limit, is a 4xx error. */
export function body({ as, limit }: BodyRule): Koa.Middleware {
  return koaBody({
    json: as !== 'form',
    urlencoded: as !== 'json',
    jsonLimit: limit,
    formLimit: limit,
    multipart: false,
    text: false,
    // Signatures are of the raw text, and only there a repeated parameter is seen.
    includeUnparsed: true,
    parsedMethods: [HttpMethodEnum.POST, HttpMethodEnum.PUT],
    onError: unreadable,
  });
}

/** A body that cannot be read is the sender's mistake, also where the library does not say so (broken compression). */
function unreadable(error: Error): never {
  throw 'status' in error ? error : Object.assign(error, { status: 400 });
}
