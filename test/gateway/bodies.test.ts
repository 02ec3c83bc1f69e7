// Request bodies are read whole, bounded each, by person and together, and nothing stays counted, however a request ends.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { MAX_BODY, readBody } from '../../src/gateway/bodies.ts';
import { createHeldBytes, type HeldBytes } from '../../src/gateway/held-bytes.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import { listen } from '../support/listen.ts';
import { connect as login } from '../support/oauth.ts';
import { until } from '../support/until.ts';
import { gatewayFor, recordingServer } from './fixtures.ts';

const KIB = 1024;

/** A server that reads each body for the person in the path, and answers with its size when the test lets it go. */
async function start(t: TestContext, held: HeldBytes = createHeldBytes(), hold = false) {
  const read: { bytes: Buffer; release: () => void }[] = [];
  const errors: unknown[] = [];
  const server = await listen(async (request, response) => {
    try {
      const share = held.share(request.url === '/' ? undefined : request.url);
      const bytes = await readBody(request, share);
      read.push({ bytes, release: share.release });
      response.end(String(bytes.length));
      if (!hold) share.release();
    } catch (error) {
      errors.push(error);
      if (!(error instanceof Refusal)) return;
      // Nobody reads an answer to a request that was destroyed.
      response.statusCode = request.destroyed ? 499 : error.status;
      response.end(error.message);
    }
  });
  t.after(() => server.close());
  /** Sends text over a connection of its own. @returns all that came back until the connection closed */
  const raw = (text: string, end: 'keep' | 'hang up' = 'keep') =>
    new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1');
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
        if (/\r\n\r\n.+$/s.test(answer)) socket.end();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(answer));
      socket.write(text, () => {
        if (end === 'hang up') socket.destroy();
      });
    });
  const post = (body: NonNullable<RequestInit['body']> | null, headers: Record<string, string> = {}, path = '/') =>
    fetch(server.url + path, {
      method: 'POST',
      body,
      headers,
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    } as RequestInit);
  return { held, read, errors, raw, post, url: server.url };
}

/** A body without a length, in pieces. */
function stream(size: number, piece = 64 * KIB): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      const next = Math.min(piece, left);
      left -= next;
      if (next > 0) controller.enqueue(new Uint8Array(next).fill(0x61));
      if (left === 0) controller.close();
    },
  });
}
const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\n';

describe('a request body', () => {
  it('is read as it was sent, with a length and without', async (t) => {
    const { held, read, post } = await start(t);
    const text = 'ab\0\u00e9\n'.repeat(20_000);
    assert.equal((await post(text)).status, 200);
    assert.equal((await post(new Blob([text]).stream())).status, 200);
    for (const body of read) assert.equal(body.bytes.toString('utf8'), text);
    assert.equal(held.held, 0);
  });

  it('may be missing, and holds nothing then', async (t) => {
    const { held, read, url, post, raw } = await start(t, createHeldBytes({ all: 0, perPerson: 0 }));
    assert.equal((await fetch(url)).status, 200);
    assert.equal((await post(null)).status, 200);
    assert.match(await raw(`${HEAD}Content-Length: 0\r\n\r\n`), /^HTTP\/1\.1 200/);
    assert.match(await raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`), /^HTTP\/1\.1 200/);
    assert.deepEqual(
      read.map(({ bytes }) => bytes.length),
      [0, 0, 0, 0],
    );
    assert.equal(held.held, 0);
  });

  it('of 4 MiB is taken, and of one byte more is 413, with a length and without: the client gets that answer', async (t) => {
    const { held, post } = await start(t);
    for (const body of [Buffer.alloc(MAX_BODY), stream(MAX_BODY)])
      assert.equal(await (await post(body)).text(), '4194304');
    for (const body of [Buffer.alloc(MAX_BODY + 1), stream(MAX_BODY + 1)]) {
      const answer = await post(body);
      assert.equal(answer.status, 413);
      assert.equal(await answer.text(), 'the body is larger than 4 MiB');
    }
    assert.equal(held.held, 0);
  });

  it('that is too large by its own word is 413 before it is read', async (t) => {
    const { held, raw } = await start(t);
    assert.match(await raw(`${HEAD}Content-Length: ${MAX_BODY + 1}\r\n\r\n`), /^HTTP\/1\.1 413/);
    assert.equal(held.held, 0);
  });

  it('that has become too large is 413 before it ends', async (t) => {
    const { held, raw } = await start(t);
    const size = MAX_BODY + 1;
    const begun = `${HEAD}Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${'x'.repeat(size)}`;
    assert.match(await raw(begun), /^HTTP\/1\.1 413/);
    assert.equal(held.held, 0);
  });

  it('that is compressed is 415, before it is read', async (t) => {
    const { held, raw, post } = await start(t);
    for (const coding of ['gzip', 'br', 'deflate', 'zstd', 'x-unknown', 'identity, gzip'])
      assert.match(
        await raw(`${HEAD}Content-Length: 5\r\nContent-Encoding: ${coding}\r\n\r\n`),
        /^HTTP\/1\.1 415/,
        coding,
      );
    assert.match(await raw(`${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`), /^HTTP\/1\.1 415/);
    for (const coding of ['identity', 'Identity', ''])
      assert.equal((await post('x', { 'content-encoding': coding })).status, 200);
    assert.equal(held.held, 0);
  });

  it('counts until it is released, once', async (t) => {
    const { held, read, post } = await start(t, createHeldBytes(), true);
    assert.equal((await post('x'.repeat(1000))).status, 200);
    assert.equal((await post('x'.repeat(500))).status, 200);
    assert.equal(held.held, 1500);
    read[0]?.release();
    read[0]?.release();
    assert.equal(held.held, 500);
    read[1]?.release();
    assert.equal(held.held, 0);
  });

  it('is 503 when too much is held already, with a length and without, until something is released', async (t) => {
    const { held, read, errors, post } = await start(
      t,
      createHeldBytes({ all: 100 * KIB, perPerson: 100 * KIB }),
      true,
    );
    assert.equal((await post('x'.repeat(90 * KIB))).status, 200);
    for (const body of ['x'.repeat(20 * KIB), stream(20 * KIB)]) assert.equal((await post(body)).status, 503);
    assert.deepEqual(
      errors.map((error) => error instanceof Refusal && error.retryAfter),
      [5, 5],
    );
    assert.equal(held.held, 90 * KIB, 'what was refused is not held');
    assert.equal((await post('x'.repeat(10 * KIB))).status, 200);
    for (const body of read) body.release();
    assert.equal(held.held, 0);
    assert.equal((await post('x'.repeat(20 * KIB))).status, 200);
  });

  it('is 503 for a person who holds too much, and for nobody else', async (t) => {
    const { held, read, post } = await start(t, createHeldBytes({ all: 100 * KIB, perPerson: 20 * KIB }), true);
    assert.equal((await post('x'.repeat(15 * KIB), {}, '/octocat')).status, 200);
    assert.equal((await post('x'.repeat(15 * KIB), {}, '/octocat')).status, 503);
    assert.equal((await post('x'.repeat(15 * KIB), {}, '/hubot')).status, 200);
    for (const body of read) body.release();
    assert.equal((await post('x'.repeat(15 * KIB), {}, '/octocat')).status, 200);
    assert.equal(held.held, 15 * KIB);
  });

  it('that is promised and not sent holds nothing, so that nobody is kept out by words', async (t) => {
    const { held, errors, post, raw } = await start(t, createHeldBytes({ all: 100 * KIB, perPerson: 100 * KIB }));
    const silent = Array.from({ length: 20 }, () => raw(`${HEAD}Content-Length: ${90 * KIB}\r\n\r\nx`));
    await until(() => held.held === 20, { what: 'the first bytes' });
    assert.equal((await post('x'.repeat(50 * KIB))).status, 200);
    void silent;
    assert.deepEqual(errors, []);
  });

  for (const [how, head] of [
    ['with a length', 'Content-Length: 1000\r\n\r\n'],
    ['without a length', 'Transfer-Encoding: chunked\r\n\r\n3E8\r\n'],
  ])
    it(`${how} holds nothing any more when its sender hangs up in the middle`, async (t) => {
      const { held, errors, raw, post } = await start(t);
      await raw(`${HEAD}${head}${'x'.repeat(100)}`, 'hang up');
      await until(() => errors.length === 1, { what: 'the end of the request' });
      assert.ok(!(errors[0] instanceof Refusal));
      assert.equal(held.held, 0);
      assert.equal((await post('x')).status, 200);
    });

  it('in bytes that come one by one takes the memory of its size, not of its pieces', async (t) => {
    const { held, read, raw } = await start(t, createHeldBytes(), true);
    const size = 100 * KIB;
    await raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(size)}0\r\n\r\n`);
    assert.equal(read[0]?.bytes.length, size);
    assert.ok(held.held <= 2 * size);
    assert.ok((read[0]?.bytes.buffer.byteLength ?? 0) <= 2 * size);
  });

  it('that is no proper HTTP is an error of the connection, and holds nothing', async (t) => {
    const { held, errors, raw } = await start(t);
    await raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloZZZ`);
    await until(() => errors.length === 1, { what: 'the end of the request' });
    assert.equal(held.held, 0);
  });
});

describe('a request body at the gateway', () => {
  it('that becomes too large is answered 413, and the next one is taken', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ name: 'one', url: server.url }]);
    const resource = `${bridge.url}/mcp/one`;
    const { tokens } = await login(bridge.url, { parameters: { resource } });
    const post = (body: NonNullable<RequestInit['body']>) =>
      fetch(resource, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${tokens.access_token}` },
        ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
      } as RequestInit);
    for (const body of [stream(MAX_BODY + 1), Buffer.alloc(MAX_BODY + 1)]) {
      const answer = await post(body);
      assert.equal(answer.status, 413);
      assert.deepEqual(await answer.json(), {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32600, message: 'the body is larger than 4 MiB' },
      });
    }
    assert.equal(server.received.length, 0);
    assert.equal((await post(stream(MAX_BODY))).status, 200);
    assert.equal(server.last().body.length, MAX_BODY);
  });

  it('that is refused before its end is thrown away as it comes, on a connection that stays, so that no answer is lost', async (t) => {
    const server = await recordingServer(t);
    const bridge = await gatewayFor(t, [{ name: 'one', url: server.url }]);
    const { tokens } = await login(bridge.url, { parameters: { resource: `${bridge.url}/mcp/one` } });
    const { host, hostname, port } = new URL(bridge.url);
    const head = `POST /mcp/one HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${tokens.access_token}\r\n`;
    for (const [status, headers] of [
      [413, `Content-Length: ${MAX_BODY + 1}`],
      [415, `Content-Length: ${MAX_BODY + 1}\r\nContent-Encoding: gzip`],
    ] as const) {
      const socket = connect(Number(port), hostname);
      t.after(() => socket.destroy());
      let answers = '';
      socket.on('data', (chunk) => {
        answers += chunk;
      });
      const count = () => answers.split('HTTP/1.1 ').length - 1;
      socket.write(`${head}${headers}\r\n\r\n`);
      await until(() => count() === 1, { what: 'the refusal' });
      socket.write(Buffer.alloc(MAX_BODY + 1));
      socket.write(`${head}Content-Length: 2\r\n\r\n{}`);
      await until(() => count() === 2, { what: 'the answer to the next request' });
      assert.match(answers, new RegExp(`^HTTP/1\\.1 ${status} [^]*HTTP/1\\.1 200 `));
    }
  });
});
