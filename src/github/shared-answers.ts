/**
 * Answers of GitHub that more than one call uses: of the same read at the same time, and of a conditional request, for
 * which GitHub answers 304 when nothing has changed. Each caller gets an answer of its own, which it can change.
 * @see https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
 */
import { deserialize, serialize } from 'node:v8';
import { LRUCache } from 'lru-cache';
import { type GithubResponse, responseOf } from './trouble.ts';

/** Bytes of the answers that are kept, of all together and of one, with its key. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_ANSWER_BYTES = 64 * 1024;

interface Running<Answer> {
  readonly answer: Promise<Answer>;
  /** Whether more than one caller waits for it. */
  shared: boolean;
}

export interface SharedAnswers<Answer extends GithubResponse> {
  /**
   * The answer of a read: of one that is under way already, or else of `ask`.
   * @param key names the credential, the address and the headers: all that the answer depends on
   * @param ask sends the read; with an ETag as `If-None-Match`, and then it throws Octokit's error of a 304
   * @throws what `ask` throws
   */
  get(key: string, ask: (etag: string | undefined) => Promise<Answer>): Promise<Answer>;
}

/** Creates the shared answers of one process. An answer is kept until others need its room, because GitHub is asked each time. */
export function createSharedAnswers<Answer extends GithubResponse>(): SharedAnswers<Answer> {
  const kept = new LRUCache<string, { etag: string; copy: Buffer }>({
    maxSize: MAX_BYTES,
    maxEntrySize: MAX_ANSWER_BYTES,
    sizeCalculation: ({ copy }, key) => copy.length + key.length,
  });
  const underWay = new Map<string, Running<Answer>>();

  async function conditional(key: string, ask: (etag: string | undefined) => Promise<Answer>): Promise<Answer> {
    const known = kept.get(key);
    try {
      const response = await ask(known?.etag);
      const { etag } = response.headers;
      if (response.status === 200 && etag !== undefined)
        kept.set(key, { etag: String(etag), copy: serialize(response) });
      return response;
    } catch (error) {
      const { status, headers } = responseOf(error) ?? {};
      if (known === undefined || status !== 304) throw error;
      const response: Answer = deserialize(known.copy);
      // RFC 9111 section 4.3.4: the headers of the 304 replace those of the kept answer.
      return { ...response, headers: { ...response.headers, ...headers } };
    }
  }

  return {
    async get(key, ask) {
      let running = underWay.get(key);
      if (running === undefined) {
        const answer = conditional(key, ask).finally(() => underWay.delete(key));
        running = { answer, shared: false };
        underWay.set(key, running);
      } else running.shared = true;
      const response = await running.answer;
      return running.shared ? structuredClone(response) : response;
    },
  };
}
