// One call of GitHub's API: a read is repeated when GitHub is in trouble, a write only when GitHub says that it was not done;
// what was cancelled is not sent; and errors are plain words with GitHub's answer. The simulated GitHub's troubles are in
// trouble.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GithubTrouble } from '../../src/github/trouble.ts';
import { until } from '../support/until.ts';
import { scriptedGithub } from './scripted-github.ts';

/** The trouble of a call that fails. */
async function troubleOf(call: Promise<unknown>): Promise<GithubTrouble> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof GithubTrouble, String(error));
    return error;
  }
  assert.fail('the call succeeded');
}

const UNKNOWN = 'It is not known whether GitHub did it: look before you try again';
const gist = { files: { 'a.txt': { content: 'a' } } };

describe('a write', () => {
  it('is sent once when GitHub fails, and the error says that it may have been done', async (t) => {
    const github = await scriptedGithub(t);
    const mutation = 'mutation { addStar(input: { starrableId: "1" }) { clientMutationId } }';
    for (const [reply, words] of [
      [{ status: 502, body: '<h1>Unicorn!</h1>' }, `GitHub has a problem of its own (502). ${UNKNOWN}`],
      [{ status: 503, headers: { 'retry-after': '1' } }, `GitHub has a problem of its own (503). ${UNKNOWN}`],
      ['drop', `GitHub cannot be reached. ${UNKNOWN}`],
      [{ status: 201, body: 'nonsense' }, `GitHub answered with something that is not JSON. ${UNKNOWN}`],
    ] as const) {
      github.requests.length = 0;
      github.next(reply);
      const { message, retryAfter, kind } = await troubleOf((await github.clientAlone()).rest.gists.create(gist));
      assert.deepEqual([message, retryAfter, kind], [words, undefined, 'unavailable']);
      assert.equal(github.requests.length, 1);
    }
    github.next({ status: 502 }, { status: 500 });
    const { request } = await github.clientAlone();
    const { graphql } = await github.clientAlone();
    assert.match((await troubleOf(request('DELETE /gists/{gist_id}', { gist_id: 'a' }))).message, /not known/);
    assert.match((await troubleOf(graphql(mutation))).message, /not known/);
    assert.equal(github.requests.length, 3);
  });

  it('is not repeated even if the tool asks for retries', async (t) => {
    const github = await scriptedGithub(t);
    github.next({ status: 502 });
    const { rest } = await github.client();
    await troubleOf(rest.gists.create({ ...gist, request: { retries: 3 } }));
    assert.equal(github.requests.length, 1);
  });

  it('is sent once more after a 401, with another token, because GitHub has not done it', async (t) => {
    const github = await scriptedGithub(t);
    const { rest } = await github.client();
    github.next({ status: 401, body: { message: 'Bad credentials' } }, { status: 201, body: { id: 'a' } });
    assert.equal((await rest.gists.create(gist)).data.id, 'a');
    assert.deepEqual(
      github.requests.map(({ headers, body }) => [headers.authorization, JSON.parse(body)]),
      [
        ['token gho_1', gist],
        ['token gho_2', gist],
      ],
    );
  });

  it('is given up after a second 401', async (t) => {
    const github = await scriptedGithub(t);
    const refusal = { status: 401, body: { message: 'Bad credentials' } };
    github.next(refusal, refusal);
    const { rest } = await github.client();
    assert.match((await troubleOf(rest.gists.create(gist))).message, /refused access that it has just renewed/);
    assert.equal(github.requests.length, 2);
  });

  it('is sent once more, and only once, after a limit of a second', async (t) => {
    const github = await scriptedGithub(t);
    const limit = {
      status: 403,
      headers: { 'retry-after': '1' },
      body: { message: 'You have exceeded a secondary rate limit. Please wait.' },
    };
    const { rest } = await github.client();
    github.next(limit, { status: 201, body: { id: 'a' } });
    await rest.gists.create(gist);
    assert.equal(github.requests.length, 2);
    github.next(limit, limit);
    assert.equal((await troubleOf(rest.gists.create(gist))).kind, 'rate_limited');
    assert.equal(github.requests.length, 4);
  });

  it('follows a renamed repository in the API, and is never turned into a read or sent elsewhere', async (t) => {
    const [github, evil] = [await scriptedGithub(t), await scriptedGithub(t)];
    const [owner, repo, title] = ['octocat', 'old', 'Broken'];
    const moved = (status: number, location: string) => github.next({ status, headers: { location }, body: {} });
    moved(307, '/api/v3/repositories/1/issues');
    await (await github.clientAlone()).rest.issues.create({ owner, repo, title });
    assert.deepEqual(
      github.requests.map(({ method, path, headers, body }) => [method, path, headers.authorization, JSON.parse(body)]),
      [
        ['POST', '/api/v3/repos/octocat/old/issues', 'token gho_1', { title }],
        ['POST', '/api/v3/repositories/1/issues', 'token gho_1', { title }],
      ],
    );
    for (const [status, location] of [
      [302, '/api/v3/repositories/1/issues'],
      [307, `${evil.url}/api/v3/repositories/1/issues`],
      [307, '/login'],
    ] as const) {
      github.requests.length = 0;
      moved(status, location);
      const { kind, message } = await troubleOf((await github.clientAlone()).rest.gists.create(gist));
      assert.deepEqual([kind, message], ['invalid', 'GitHub has moved this to another address, and did nothing']);
      assert.equal(github.requests.length, 1);
    }
    assert.deepEqual(evil.requests, []);
  });
});

describe('a read', () => {
  it('is repeated when GitHub fails, a GraphQL query as well', async (t) => {
    const github = await scriptedGithub(t);
    const { request, graphql } = await github.client();
    github.next({ status: 502 }, 'drop');
    await request('GET /user');
    assert.equal(github.requests.length, 3);
    github.next({ status: 502 }, { body: { data: { viewer: { login: 'octocat' } } } });
    assert.deepEqual(await graphql('query { viewer { login } }'), { viewer: { login: 'octocat' } });
    assert.equal(github.requests.length, 5);
  });

  it('follows a redirect to another host without the token', async (t) => {
    const [github, other] = [await scriptedGithub(t), await scriptedGithub(t)];
    github.next({ status: 302, headers: { location: `${other.url}/archive` } });
    other.next({ body: { file: true } });
    const { request } = await github.client();
    assert.deepEqual((await request('GET /repos/a/b/zipball')).data, { file: true });
    assert.equal(github.requests[0]?.headers.authorization, 'token gho_1');
    assert.deepEqual(
      other.requests.map(({ path, headers }) => [path, headers.authorization]),
      [['/archive', undefined]],
    );
  });

  it('of a text or without a body is a success when the answer is of GitHub', async (t) => {
    const github = await scriptedGithub(t);
    const { rest, request } = await github.client();
    github.next({
      headers: { 'x-github-request-id': 'A:1', 'content-type': 'text/plain' },
      body: 'Speak like a human.',
    });
    assert.equal((await rest.meta.getZen()).data, 'Speak like a human.');
    await request('HEAD /user');
    github.next({ status: 204, body: '' });
    assert.equal((await request('GET /user/starred/a/b')).status, 204);
    github.next({ headers: { 'content-type': 'text/plain' }, body: 'Log in to this network' });
    assert.match((await troubleOf(rest.meta.getZen())).message, /not JSON/);
  });

  it('shares no answer with a read of another media type, or of a tool that wants the body as a stream', async (t) => {
    const github = await scriptedGithub(t);
    const { request } = await github.client();
    const etag = '"1"';
    github.next({ headers: { etag } });
    await request('GET /repos/a/b/readme');
    await request('GET /repos/a/b/readme', { mediaType: { format: 'html' } });
    await request('GET /repos/a/b/readme', { headers: { range: 'bytes=0-9' } });
    await request('GET /repos/a/b/readme', { request: { parseSuccessResponseBody: false } });
    await request('GET /repos/a/b/readme');
    assert.deepEqual(
      github.requests.map(({ headers }) => headers['if-none-match']),
      [undefined, undefined, undefined, undefined, etag],
    );
  });

  it('that is conditional by itself gets its 304', async (t) => {
    const github = await scriptedGithub(t);
    const { request } = await github.client();
    github.next({ headers: { etag: '"1"' } }, { status: 304, body: '' });
    await request('GET /user');
    await assert.rejects(request('GET /user', { headers: { 'if-none-match': '"1"' } }), { status: 304 });
  });
});

describe('a call', () => {
  it('is not sent when it was cancelled while it waited for its turn', async (t) => {
    const github = await scriptedGithub(t);
    const [gone, here] = [new AbortController(), new AbortController()];
    const [leaving, staying] = [
      await github.client({ signal: gone.signal }),
      await github.client({ signal: here.signal }),
    ];
    // The throttling plugin leaves a second between two writes.
    await leaving.rest.gists.create({ ...gist, description: 'first' });
    const waiting = leaving.rest.gists.create({ ...gist, description: 'second' });
    const own = new AbortController();
    const alsoWaiting = staying.rest.gists.create({ ...gist, description: 'third', request: { signal: own.signal } });
    const last = staying.rest.gists.create({ ...gist, description: 'fourth' });
    await until(() => github.tokensTaken === 4, { what: 'four calls with a token' });
    gone.abort(new Error('the client hung up'));
    own.abort(new Error('the tool thought again'));
    await assert.rejects(waiting, { message: 'the client hung up' });
    await assert.rejects(alsoWaiting, { message: 'the tool thought again' });
    await assert.rejects(leaving.rest.gists.create(gist), { message: 'the client hung up' });
    await last;
    assert.deepEqual(
      github.requests.map(({ body }) => JSON.parse(body).description),
      ['first', 'fourth'],
    );
  });

  it('says that it was not sent, when its turn did not come in time', async (t) => {
    const github = await scriptedGithub(t, { call: 200, answer: 600_000 });
    const { rest } = await github.client();
    await rest.gists.create(gist);
    const { message, retryAfter } = await troubleOf(rest.gists.create(gist));
    assert.match(message, /^Other calls of this account were waiting for GitHub, and this one was not sent$/);
    assert.equal(retryAfter, 30);
    assert.equal(github.requests.length, 1);
  });

  for (const timeouts of [
    { call: 100, answer: 600_000 },
    { call: 600_000, answer: 100 },
  ])
    it(`that GitHub does not answer ends in time, ${JSON.stringify(timeouts)}; only a read can be tried again`, async (t) => {
      const github = await scriptedGithub(t, timeouts);
      const { promise: silence, resolve } = Promise.withResolvers<void>();
      t.after(() => resolve());
      const { rest, request } = await github.client();
      github.next(silence, silence);
      assert.deepEqual(
        await troubleOf(rest.gists.create(gist)).then(({ message, retryAfter }) => [message, retryAfter]),
        [`GitHub did not answer in time. ${UNKNOWN}`, undefined],
      );
      const read = await troubleOf(request('GET /user'));
      assert.deepEqual([read.message, read.retryAfter], ['GitHub did not answer in time', 30]);
      assert.equal(github.requests.length, 2);
    });

  it('of one caller goes on when another caller, who asked for the same, is gone', async (t) => {
    const github = await scriptedGithub(t);
    const gone = new AbortController();
    const { promise: held, resolve } = Promise.withResolvers<void>();
    github.next(held);
    const leaving = (await github.client({ signal: gone.signal })).request('GET /user');
    await until(() => github.requests.length === 1, { what: 'the request' });
    const staying = (await github.client()).request('GET /user');
    gone.abort(new Error('gone'));
    await assert.rejects(leaving, { message: 'gone' });
    resolve();
    assert.equal((await staying).status, 200);
    assert.equal(github.requests.length, 1);
  });

  it('fails in the words of GitHub, with its status and its answer', async (t) => {
    const github = await scriptedGithub(t);
    const invalid = {
      message: 'Validation Failed',
      errors: [{ resource: 'Gist', field: 'files', code: 'missing_field' }],
      documentation_url: 'https://docs.github.com/rest/gists/gists#create-a-gist',
    };
    for (const [status, body, kind, words] of [
      [422, invalid, 'invalid', 'GitHub refused: Validation Failed: Gist.files is missing'],
      [409, { message: 'Git Repository is empty.' }, 'invalid', 'GitHub refused: Git Repository is empty'],
      [400, { message: 'Problems parsing JSON' }, 'invalid', 'GitHub refused: Problems parsing JSON'],
      [403, { message: 'Must have admin rights.' }, 'forbidden', 'GitHub refused: Must have admin rights'],
      [410, { message: 'Issues are disabled' }, 'not_found', 'GitHub refused: Issues are disabled'],
      [
        404,
        { message: 'Not Found' },
        'not_found',
        'GitHub knows no such thing, or does not let this account or this token see it',
      ],
    ] as const) {
      const { request, rest } = await github.clientAlone();
      for (const call of [() => request('POST /user/repos', { name: 'a' }), () => rest.gists.get({ gist_id: 'a' })]) {
        github.requests.length = 0;
        github.next({ status, body });
        const trouble = await troubleOf(call());
        assert.deepEqual([trouble.kind, trouble.message, trouble.retryAfter], [kind, words, undefined]);
        assert.deepEqual([trouble.status, trouble.response?.data], [status, body]);
        assert.equal(github.requests.length, 1);
      }
    }
    github.next({ status: 405, body: '<h1>Proxy</h1>' });
    assert.equal(
      (await troubleOf((await github.client()).request('GET /user'))).message,
      'GitHub did not answer as it should (405)',
    );
  });

  it('of GraphQL fails in the words of GitHub too', async (t) => {
    const github = await scriptedGithub(t);
    const refused = (type: string, message: string) => ({ body: { data: { a: null }, errors: [{ type, message }] } });
    for (const [type, kind] of [
      ['NOT_FOUND', 'not_found'],
      ['FORBIDDEN', 'forbidden'],
      ['INSUFFICIENT_SCOPES', 'forbidden'],
      ['UNPROCESSABLE', 'invalid'],
    ] as const) {
      github.next(refused(type, 'Could not resolve to a Repository.'));
      const trouble = await troubleOf((await github.clientAlone()).graphql('{ a }'));
      assert.deepEqual([trouble.kind, trouble.message], [kind, 'GitHub refused: Could not resolve to a Repository']);
      assert.partialDeepStrictEqual(trouble.response?.data, { data: { a: null }, errors: [{ type }] });
    }
    github.next(refused('RATE_LIMITED', 'API rate limit exceeded'));
    assert.equal((await troubleOf((await github.clientAlone()).graphql('{ a }'))).kind, 'rate_limited');
    assert.deepEqual(
      github.requests.map(({ path }) => path),
      Array(5).fill('/api/graphql'),
    );
    // A document of the REST API may have a member of the same name.
    github.next({ body: { errors: [{ message: 'Unknown owner' }] } });
    assert.equal((await (await github.client()).request('GET /repos/a/b/codeowners/errors')).status, 200);
  });

  it('is made with the token of the person, whatever a tool puts into the headers', async (t) => {
    const github = await scriptedGithub(t);
    const { request } = await github.client();
    await request('GET /user', { headers: { authorization: 'token gho_of_somebody_else' } });
    await request('GET /user', { headers: { Authorization: 'token gho_of_somebody_else' } });
    assert.deepEqual([...new Set(github.requests.map(({ headers }) => headers.authorization))], ['token gho_1']);
  });

  it('takes the token nowhere else, if a hook of a tool changes the address after the check, and shows it to no hook', async (t) => {
    const [github, elsewhere] = [await scriptedGithub(t), await scriptedGithub(t)];
    const client = await github.clientAlone();
    const seen: unknown[] = [];
    client.hook.wrap('request', async (send, options) => {
      const answer = send(options);
      if (options.url === '/changed') options.url = `${elsewhere.url}/changed`;
      await answer;
      seen.push(options.headers.authorization);
      return answer;
    });
    await troubleOf(client.request('POST /changed'));
    assert.deepEqual([github.requests, elsewhere.requests], [[], []]);
    await client.request('GET /user');
    assert.equal(github.requests[0]?.headers.authorization, 'token gho_1');
    assert.deepEqual(seen, [undefined]);
  });
});
