// Answers of GitHub of any structure, at a login, at a call of its API and at a refresh: a login of exactly the account that
// GitHub named, or a clear error; no session ends but by GitHub's own 401, and no token is shown or logged.
import assert from 'node:assert/strict';
import { afterEach, before } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import {
  type Connected,
  connect,
  GITHUB_APP,
  GITHUB_TOKEN_TTL,
  SHORT,
  TOKEN_ENDPOINT,
  USER,
  withLongTokens,
} from '../github/fixtures.ts';
import { createAgent } from '../support/agent.ts';
import { onBothStores, type RecordedEvent, type TestBridge, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  callTool,
  confirmConnect,
  pkce,
  redemption,
  register,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import {
  BEHIND_A_PROXY,
  becameMarkup,
  fromElsewhere,
  holds,
  json,
  MARK,
  mutatedObject,
  pollutedPrototype,
  text,
} from './strangers.ts';

const asJson = (value: unknown) => JSON.stringify(value);
const one = (...values: unknown[]) => fc.constantFrom(...values.map(asJson));
/** In every token that GitHub says in a random answer: it is nowhere else, and must not be seen outside. */
const SECRET = 'gho_s3cretOfARandomAnswer';
const OTHER_TYPES = ['text/html', 'x', 'application/xml', 'application/octet-stream'];
const ALWAYS = Number.POSITIVE_INFINITY;

/** Values of the headers that the bridge reads. */
const headers = fc
  .record(
    {
      'x-oauth-scopes': fc.constantFrom('', 'repo', 'read:user, repo', ',,', '__proto__', MARK, 'x'.repeat(500)),
      'retry-after': fc.constantFrom('', '60', '-1', '1e99', 'x', 'Wed, 21 Oct 2026 07:28:00 GMT'),
      'x-ratelimit-remaining': fc.constantFrom('0', 'x', '-1'),
      'x-ratelimit-reset': fc.constantFrom('x', '-1', '1e99', '99999999999999'),
      etag: fc.constantFrom('"x"', 'W/', '', MARK),
      link: fc.constantFrom('<>; rel="next"', 'x', '<https://evil.example/>; rel="next"'),
    },
    { requiredKeys: [] },
  )
  .chain((some) =>
    fc
      .constantFrom(...['', '; charset=utf-8', '', '', '', ''].map((end) => `application/json${end}`), ...OTHER_TYPES)
      .map((type) => ({ ...some, 'content-type': type })),
  );
/** Statuses after which nothing is tried again, so that a run does not wait; 401 has its own test. */
const status = fc.oneof(
  { weight: 8, arbitrary: fc.constant(200) },
  { weight: 3, arbitrary: fc.constantFrom(201, 202, 203, 304, 400, 403, 404, 410, 422, 429, 451) },
);
const wrong = fc.oneof(
  { weight: 4, arbitrary: json },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: one(-1, 1.5, '9000001', {}) },
);
const tokenAnswer = fc.oneof(
  {
    weight: 6,
    arbitrary: mutatedObject(
      {
        access_token: one(`${SECRET}a`, `ghu_${SECRET}b`),
        token_type: one('bearer'),
        scope: one('read:user', 'repo,read:user', ''),
        refresh_token: undefined,
        expires_in: undefined,
        refresh_token_expires_in: undefined,
        error: undefined,
        error_description: undefined,
      },
      fc.oneof(
        { weight: 3, arbitrary: json },
        { weight: 1, arbitrary: one([`${SECRET}c`], `${SECRET}d`, 'bad_verification_code') },
      ),
    ),
  },
  { weight: 1, arbitrary: wrong },
);
const user = (id: number) =>
  mutatedObject({
    id: one(id),
    login: one(`stranger-${id}`),
    name: one('Somebody', null, ''),
    avatar_url: one('https://avatars.example/x'),
    type: undefined,
    email: undefined,
  });
const userAnswer = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 800_000, max: 800_009 }).chain(user) },
  { weight: 1, arbitrary: wrong },
);
const answerWith = (body: fc.Arbitrary<string>) => fc.record({ status, headers, body });
/** An answer as GitHub gives it: the other one of two answers is then what decides. */
const usual = (document: unknown) =>
  fc.constant({ status: 200, headers: { 'content-type': 'application/json' }, body: asJson(document) });
const tokenAnswerOrUsual = fc.oneof(
  { weight: 3, arbitrary: answerWith(tokenAnswer) },
  { weight: 2, arbitrary: usual({ access_token: `${SECRET}e`, token_type: 'bearer', scope: 'read:user' }) },
);
const userAnswerOrUsual = fc.oneof(
  { weight: 3, arbitrary: answerWith(userAnswer) },
  { weight: 2, arbitrary: usual({ id: 800_010, login: 'stranger' }) },
);

/** What GitHub said, if it is JSON. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
const account = z.looseObject({
  id: z.number().int().positive(),
  login: z.string().min(1),
  name: z.string().nullish(),
  avatar_url: z.string().nullish(),
});
/** A token that can stand in a header. */
const token = z.looseObject({ access_token: z.string().regex(/^[!-~]+$/) });

/**
 * Whether an error says that a document is not as GitHub documents it (Octokit reads numbers above 2^53 as BigInt). The log
 * has it, because it may be the tool that is out of date.
 */
function isUnknownDocument(error: unknown): boolean {
  return error instanceof z.ZodError || (error instanceof TypeError && error.message.includes('BigInt'));
}

/** Fails when an error of the bridge itself happened, or a token was logged. */
function checkNoHarm(bridge: TestBridge, isAccepted = (_error: unknown) => false): void {
  assert.deepEqual(
    bridge.eventsOf('request.failed').filter(({ expected, error }) => !expected && !isAccepted(error)),
    [],
  );
  assert.deepEqual(bridge.eventsOf('store.error'), []);
  assert.equal(bridge.log().includes(SECRET), false, 'a token is in the log');
  assert.equal(pollutedPrototype(), false);
}

onBothStores('an answer of GitHub of any structure', (store) => {
  const bridge = useBridge(
    withLongTokens({ store, env: BEHIND_A_PROXY, timeouts: { ...SHORT, call: 2_000, oauth: 1_500, answer: 4_000 } }),
  );
  let client: TestClient;
  let person: Connected;
  before(async () => {
    client = await register(bridge.url);
    person = await connect(bridge);
  });
  afterEach(() => bridge.github.clearFaults());

  holds(
    '#9, #11 and #14 at a login gives a login of the account that it names, or an error that says so',
    20,
    [tokenAnswerOrUsual, userAnswerOrUsual],
    async (tokenFault, userFault) => {
      (bridge.events as RecordedEvent[]).length = 0;
      const browser = createAgent({ headers: fromElsewhere() });
      const { verifier, challenge } = pkce();
      const page = await browser.get(authorizationUrl(bridge.url, client, challenge));
      const toGithub = await browser.submit(page.form('/consent'), { button: 'allow' });
      bridge.github.fault({ kind: 'status', path: TOKEN_ENDPOINT, times: ALWAYS, ...tokenFault });
      bridge.github.fault({ kind: 'status', path: USER, times: ALWAYS, ...userFault });
      const state = toGithub.location?.searchParams.get('state') ?? '';
      const callback = await browser.get(`${bridge.url}/github/callback?${new URLSearchParams({ code: 'x', state })}`);
      bridge.github.clearFaults();
      assert.equal(becameMarkup(callback.html), false, callback.html);
      const back = await confirmConnect(browser, callback);

      const [tokens, who] = [token.safeParse(parsed(tokenFault.body)), account.safeParse(parsed(userFault.body))];
      const [completed] = bridge.eventsOf('login.completed');
      checkNoHarm(bridge);
      assert.equal(becameMarkup(back.html), false, back.html);
      assert.equal(`${back.html}${[...back.headers].join()}`.includes(SECRET), false, 'a token is shown');
      if (completed === undefined) {
        // 500 says that the operator's client id or secret is wrong, as far as GitHub's error code tells.
        assert.ok([403, 400, 500, 503].includes(back.status), `${back.status}`);
        assert.ok(back.status !== 500 || bridge.eventsOf('login.failed')[0]?.detail !== undefined);
        assert.ok(back.buttonLink?.search.includes(`state=state-of-the-client`), 'the client can be told');
        const answered = tokenFault.status === 200 && [200, 201, 202, 203].includes(userFault.status);
        // Octokit's reader of JSON fails at an object whose toString is no function.
        const isJson =
          userFault.headers['content-type'].startsWith('application/json') && !userFault.body.includes('toString');
        const good = tokens.success && !refuses(tokenFault.body) && who.success;
        assert.equal(good && answered && isJson, false, `no login: ${JSON.stringify(bridge.eventsOf('login.failed'))}`);
        return;
      }
      assert.ok(tokens.success && tokenFault.status === 200, 'a login without a token');
      assert.ok(who.success && userFault.status < 300, 'a login without an account');
      assert.deepEqual([completed.githubId, completed.githubLogin], [who.data.id, who.data.login]);
      assert.equal(completed.person, bridge.bridge.personTag(who.data.id));
      const code = back.location?.searchParams.get('code') ?? '';
      const given = tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
      const { text: said } = await callTool(bridge.url, given.access_token, 'get_auth_status');
      assert.ok(said.includes(`"id":${who.data.id},`), said);
    },
  );

  holds(
    '#9, #11 and #14 at a call of the API is an answer of the tool, and the session goes on',
    20,
    [answerWith(userAnswer)],
    async (fault) => {
      (bridge.events as RecordedEvent[]).length = 0;
      bridge.github.fault({ kind: 'status', path: USER, times: ALWAYS, ...fault });
      const answer = await person.profile();
      bridge.github.clearFaults();
      assert.equal(answer.status, 200, answer.text);
      assert.ok(answer.result);
      if (answer.result.isError !== true) assert.equal(typeof answer.result.structuredContent?.login, 'string');
      assert.deepEqual(bridge.eventsOf('grant.ended'), []);
      checkNoHarm(bridge, isUnknownDocument);
      const after = await person.call('get_auth_status');
      assert.equal(after.result?.structuredContent?.login, 'octocat');
    },
  );

  holds(
    '#14 that is a 401, but not of GitHub itself, ends no session',
    8,
    [fc.record({ headers, body: fc.oneof(text, one('x', 1, null, true)) })],
    async (fault) => {
      (bridge.events as RecordedEvent[]).length = 0;
      bridge.github.fault({ kind: 'status', status: 401, path: USER, times: ALWAYS, ...fault });
      const answer = await person.profile();
      bridge.github.clearFaults();
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.result?.isError, true);
      assert.deepEqual(bridge.eventsOf('grant.ended'), []);
      assert.equal((await person.call('get_auth_status')).status, 200);
      checkNoHarm(bridge);
    },
  );
});

/** Whether an answer of the token endpoint is an error in OAuth's form. */
function refuses(body: string): boolean {
  return z.looseObject({ error: z.string().min(1) }).safeParse(parsed(body)).success;
}

onBothStores('an answer of GitHub of any structure at a refresh', (store) => {
  const bridge = useBridge(withLongTokens({ store, app: GITHUB_APP, timeouts: { ...SHORT } }));
  let person: Connected;
  before(async () => {
    person = await connect(bridge);
  });
  afterEach(() => bridge.github.clearFaults());

  holds(
    '#9 and #14 that holds no token ends no session, and the next refresh renews it',
    8,
    [
      answerWith(tokenAnswer).filter(
        ({ body }) => !token.safeParse(parsed(body)).success && !body.includes('bad_refresh_token'),
      ),
    ],
    async (fault) => {
      (bridge.events as RecordedEvent[]).length = 0;
      bridge.advance(GITHUB_TOKEN_TTL + 1);
      bridge.github.fault({ kind: 'status', path: TOKEN_ENDPOINT, times: ALWAYS, ...fault });
      const answer = await person.profile();
      bridge.github.clearFaults();
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(bridge.eventsOf('grant.ended'), []);
      checkNoHarm(bridge);
      bridge.advance(60);
      const renewed = await person.profile();
      assert.equal(renewed.result?.structuredContent?.login, 'octocat', renewed.text);
      assert.equal((await person.refresh()).status, 200);
    },
  );
});
