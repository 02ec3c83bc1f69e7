/** Reads request bodies: each of limited size, and all that are held together too. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/** Bytes of one body. */
export const MAX_BODY = 4 * 1024 * 1024;
/** Bytes of all bodies that are held at the same time. */
const MAX_HELD = 128 * 1024 * 1024;
/** Seconds. */
const RETRY_AFTER = 5;

/** A body that was read. It counts against the limit until it is released. */
export interface HeldBody {
  readonly bytes: Buffer;
  /** Called when the body is not needed any more; more than once does no harm. */
  release(): void;
}

export interface Bodies {
  /**
   * Reads a body whole.
   * @throws {Refusal} 413 when it is too large, 415 when it is compressed, 503 when too much is held already
   * @throws {Error} when the connection closes before its end
   */
  read(request: IncomingMessage): Promise<HeldBody>;
}

const EMPTY: HeldBody = { bytes: Buffer.alloc(0), release() {} };

/** @param maxHeld in bytes; for tests */
export function createBodies(maxHeld: number = MAX_HELD): Bodies {
  let held = 0;
  return {
    async read(request) {
      const { 'content-length': length, 'transfer-encoding': chunked, 'content-encoding': encoding } = request.headers;
      if ((length === undefined || length === '0') && chunked === undefined) return EMPTY;
      if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
        throw new Refusal(415, 'refused', 'the body must not be compressed');
      if (Number(length ?? 0) > MAX_BODY) throw tooLarge();
      let own = 0;
      const release = () => {
        held -= own;
        own = 0;
      };
      /** Counts what is about to be held. */
      const reserve = (bytes: number) => {
        if (held + bytes > maxHeld)
          throw new Refusal(503, 'refused', 'too many large requests are under way', { retryAfter: RETRY_AFTER });
        held += bytes;
        own += bytes;
      };
      try {
        reserve(Number(length ?? 0));
        const chunks: Buffer[] = [];
        let size = 0;
        for await (const chunk of request as AsyncIterable<Buffer>) {
          size += chunk.length;
          if (size > MAX_BODY) throw tooLarge();
          if (size > own) reserve(size - own);
          chunks.push(chunk);
        }
        const [only] = chunks;
        return { bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks), release };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

function tooLarge(): Refusal {
  return new Refusal(413, 'refused', `the body is larger than ${MAX_BODY / 1024 / 1024} MiB`);
}
