// Answers that several calls use: nobody can change what another gets, and what is kept is bounded.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSharedAnswers } from '../../src/github/shared-answers.ts';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly data: { list: unknown[] };
}

describe('shared answers', () => {
  const answer = (etag: string, ...list: unknown[]): Answer => ({ status: 200, headers: { etag }, data: { list } });
  const notModified = (headers: Record<string, string> = {}) =>
    Object.assign(new Error('Not modified'), { response: { status: 304, headers, data: '' } });

  it('are one answer for all who ask at the same time, each with a copy of its own', async () => {
    const answers = createSharedAnswers<Answer>();
    const asked: (string | undefined)[] = [];
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const ask = (etag: string | undefined) => {
      asked.push(etag);
      return promise;
    };
    const all = [answers.get('key', ask), answers.get('key', ask), answers.get('other', ask), answers.get('key', ask)];
    resolve(answer('"1"', 'first'));
    const [one, two, other, three] = await Promise.all(all);
    assert.deepEqual(asked, [undefined, undefined]);
    one?.data.list.push('changed');
    two?.data.list.push('changed too');
    assert.deepEqual(three?.data, { list: ['first'] });
    assert.deepEqual(other?.status, 200);
  });

  it('are kept with their ETag; a 304 gives the kept one with its new headers, as it was when GitHub sent it', async () => {
    const answers = createSharedAnswers<Answer>();
    const first = await answers.get('key', async () => answer('"1"', 'first', 9007199254740993n));
    for (let round = 0; round < 3; round++) {
      first.data.list.push('changed');
      const again = await answers.get('key', async (etag) => {
        assert.equal(etag, '"1"');
        throw notModified({ 'x-ratelimit-remaining': String(round) });
      });
      assert.deepEqual(again.data, { list: ['first', 9007199254740993n] });
      assert.deepEqual(again.headers, { etag: '"1"', 'x-ratelimit-remaining': String(round) });
      again.data.list.push('changed');
      again.headers.etag = '"2"';
    }
    await answers.get('key', async () => answer('"3"', 'third'));
    await answers.get('key', async (etag) => {
      assert.equal(etag, '"3"');
      return answer('"3"');
    });
  });

  it('are not kept without an ETag, with another status, when they failed, or when they are longer than 64 KiB', async () => {
    const answers = createSharedAnswers<Answer>();
    for (const unkept of [
      async () => ({ ...answer(''), headers: {} }),
      async () => ({ ...answer('"1"'), status: 203 }),
      async () => answer('"1"', 'x'.repeat(65_536)),
    ]) {
      await answers.get('key', unkept);
      await answers.get('key', async (etag) => {
        assert.equal(etag, undefined);
        return { ...answer(''), headers: {} };
      });
    }
    await assert.rejects(
      answers.get('key', async () => Promise.reject(new Error('failed'))),
      { message: 'failed' },
    );
    await assert.rejects(
      answers.get('key', async () => Promise.reject(notModified())),
      { message: 'Not modified' },
    );
    assert.equal((await answers.get('key', async () => answer('"1"'))).status, 200, 'a failure is not shared later');
  });

  it('are dropped, the longest unused first, when there are more than 16 MiB', async () => {
    const answers = createSharedAnswers<Answer>();
    const page = 'x'.repeat(60_000);
    for (let index = 0; index < 300; index++) await answers.get(`${index}`, async () => answer('"1"', page));
    const known = async (key: string) => {
      let tag: string | undefined;
      await answers.get(key, async (etag) => {
        tag = etag;
        return { ...answer(''), headers: {} };
      });
      return tag !== undefined;
    };
    assert.equal(await known('0'), false);
    assert.equal(await known('299'), true);
  });
});
