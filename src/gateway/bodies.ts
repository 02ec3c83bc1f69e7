/** Request bodies: read whole, each of limited size, and sent on. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { BodyTooLarge, readBytes } from '../protocol/body.ts';
import type { Share } from './held-bytes.ts';
import { Refusal } from './refusal.ts';

/** Bytes of one body. */
export const MAX_BODY = 4 * 1024 * 1024;
/** Bytes of a body that may be held as long as its answer flows; as much as a socket holds at each end. */
const MAX_HELD_ON = 16 * 1024;

/**
 * Reads a body whole.
 * @param share counts what is held of it; released when it cannot be read
 * @throws {Refusal} 413 when it is too large, 415 when it is compressed, 503 when too much is held already
 * @throws {Error} when the connection closes before its end
 */
export async function readBody(request: IncomingMessage, share: Share): Promise<Buffer> {
  const { 'content-length': length, 'transfer-encoding': coding, 'content-encoding': encoding } = request.headers;
  if (length === undefined && coding === undefined) return Buffer.alloc(0);
  if (!/^(?:identity)?$/i.test(encoding ?? '') || !/^(?:chunked)?$/i.test(coding ?? ''))
    throw new Refusal(415, 'refused', 'the body must not be compressed');
  try {
    return await readBytes(request, MAX_BODY, share.hold);
  } catch (error) {
    share.release();
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new Refusal(413, 'refused', `the body is larger than ${MAX_BODY / 1024 / 1024} MiB`);
  }
}

/**
 * A body in the form in which undici lets it go when it has been sent: it holds a Buffer until the answer ends, and a stream
 * may take hours. For {@link MAX_HELD_ON} that is less than the work for a stream costs.
 */
export function sendable(body: Buffer): Buffer | Readable {
  if (body.length <= MAX_HELD_ON) return body;
  let left: Buffer | null = body;
  return new Readable({
    read() {
      this.push(left);
      if (left !== null) this.push(null);
      left = null;
    },
  });
}
