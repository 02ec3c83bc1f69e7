/** Reads request bodies: each of limited size, those of one person together, and all that are held. */
import type { IncomingMessage } from 'node:http';
import { GrowingBytes } from '../base/growing-bytes.ts';
import { eachChunk } from '../protocol/chunks.ts';
import { Refusal } from './refusal.ts';

/** Bytes of one body. */
export const MAX_BODY = 4 * 1024 * 1024;
/** Bytes of all bodies that are held at the same time, and of those of one person. */
const MAX_HELD = { all: 128 * 1024 * 1024, perPerson: 32 * 1024 * 1024 };
/** Seconds. */
const RETRY_AFTER = 5;

/** A body that was read. It counts against the limits until it is released. */
export interface HeldBody {
  readonly bytes: Buffer;
  /** Called when the body is not needed any more; more than once does no harm. */
  release(): void;
}

export interface Bodies {
  /**
   * Reads a body whole.
   * @param person who sends it; without one, only the limit of all bodies counts
   * @throws {Refusal} 413 when it is too large, 415 when it is compressed, 503 when too much is held already
   * @throws {Error} when the connection closes before its end
   */
  read(request: IncomingMessage, person?: string): Promise<HeldBody>;
  /** Bytes that are held now. */
  readonly held: number;
}

const EMPTY: HeldBody = { bytes: Buffer.alloc(0), release() {} };

/** @param limits in bytes; for tests */
export function createBodies(limits: { readonly all: number; readonly perPerson: number } = MAX_HELD): Bodies {
  let held = 0;
  const heldBy = new Map<string, number>();

  /** Counts bytes, or fewer for a negative number. */
  function count(bytes: number, person: string | undefined): void {
    held += bytes;
    if (person === undefined) return;
    const own = (heldBy.get(person) ?? 0) + bytes;
    if (own === 0) heldBy.delete(person);
    else heldBy.set(person, own);
  }

  function checkLimits(person: string | undefined): void {
    if (held <= limits.all && (person === undefined || (heldBy.get(person) ?? 0) <= limits.perPerson)) return;
    throw new Refusal(503, 'refused', 'too many large requests are under way', { retryAfter: RETRY_AFTER });
  }

  return {
    get held() {
      return held;
    },
    async read(request, person) {
      const length = checkHead(request);
      if (length === 0) return EMPTY;
      const body = new GrowingBytes();
      let own = 0;
      const release = () => {
        count(-own, person);
        own = 0;
      };
      try {
        await eachChunk(request, (chunk) => {
          if (body.bytes.length + chunk.length > MAX_BODY) throw tooLarge();
          body.append(chunk, length);
          count(body.capacity - own, person);
          own = body.capacity;
          checkLimits(person);
        });
        return { bytes: body.bytes, release };
      } catch (error) {
        release();
        // What is still under way is thrown away, so that the client comes to read the answer.
        request.resume();
        throw error;
      }
    },
  };
}

/**
 * Checks what the head of a request says of its body.
 * @returns the most bytes that it can have
 * @throws {Refusal}
 */
function checkHead({ headers }: IncomingMessage): number {
  const { 'content-length': length, 'transfer-encoding': coding, 'content-encoding': encoding } = headers;
  if (length === undefined && coding === undefined) return 0;
  if (!/^(?:identity)?$/i.test(encoding ?? '') || !/^(?:chunked)?$/i.test(coding ?? ''))
    throw new Refusal(415, 'refused', 'the body must not be compressed');
  if (Number(length ?? 0) > MAX_BODY) throw tooLarge();
  return Number(length ?? MAX_BODY);
}

function tooLarge(): Refusal {
  return new Refusal(413, 'refused', `the body is larger than ${MAX_BODY / 1024 / 1024} MiB`);
}
