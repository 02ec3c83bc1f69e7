// Threat 22: input that makes the bridge fail, hang, crash, or use more and more memory.
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { connect as connectSocket } from 'node:net';
import { before, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { MAX_SESSIONS_PER_PERSON, StoreUnavailable } from '../../src/store/store.ts';
import { createAgent } from '../support/agent.ts';
import { onBothStores, type RecordedEvent, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  connect,
  login,
  passGithub,
  pkce,
  postJson,
  register,
  type TestClient,
  type Tokens,
  tokenRequest,
} from '../support/oauth.ts';
import { until } from '../support/until.ts';
import { atOnce, newPerson, sendRaw, sidOf, works } from './attack.ts';
import { Chance, fuzzed, type Knowledge, sendFuzzed } from './fuzz.ts';

/** The same in every run, unless FUZZ_SEED is set to a number or to `random`. */
const SEED = process.env.FUZZ_SEED === 'random' ? randomInt(2 ** 32) : Number(process.env.FUZZ_SEED ?? 20_261_121);
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 2_500);
const AT_ONCE = 10;
const TOKEN_PARAMETERS = [
  ...['code', 'code_verifier', 'redirect_uri', 'refresh_token', 'resource', 'scope'],
  ...['client_secret', 'client_assertion', 'client_assertion_type'],
];
/** Bytes that the heap may have grown by. */
const GROWTH = 20 * 1024 * 1024;

onBothStores('malformed input', (store) => {
  const bridge = useBridge({
    store,
    quiet: true,
    // The requests seem to come from hundreds of addresses, because the limits are not what is tested.
    env: { TRUSTED_PROXIES: '127.0.0.1', ADMIN_GITHUB_USERS: 'monalisa', GITHUB_WEBHOOK_SECRET: 'a webhook secret' },
  });
  let client: TestClient;
  let tokens: Tokens;
  before(async () => {
    ({ client, tokens } = await connect(bridge.url, { parameters: { scope: 'openid email read:user repo' } }));
  });

  const ENDPOINTS: Knowledge['endpoints'] = [
    ['GET', '/'],
    ['GET', '/.well-known/oauth-authorization-server'],
    ['GET', '/.well-known/oauth-protected-resource/mcp'],
    ['GET', '/.well-known/openid-configuration/:any'],
    ['POST', '/register'],
    ['POST', '/register'],
    ['GET', '/register/:client_id'],
    ['PUT', '/register/:client_id'],
    ['DELETE', '/register/:client_id'],
    ['GET', '/authorize'],
    ['POST', '/authorize'],
    ['POST', '/consent'],
    ['GET', '/github/callback'],
    ['POST', '/github/webhook'],
    ['POST', '/token'],
    ['POST', '/token'],
    ['POST', '/token'],
    ['POST', '/revoke'],
    ['POST', '/introspect'],
    ['GET', '/userinfo'],
    ['POST', '/mcp'],
    ['POST', '/mcp'],
    ['GET', '/mcp'],
    ['DELETE', '/mcp'],
    ['GET', '/sse'],
    ['POST', '/messages'],
    ['GET', '/account'],
    ['GET', '/account/sessions'],
    ['POST', '/preferences'],
    ['POST', '/account/sign-in'],
    ['POST', '/account/sign-out'],
    ['POST', '/account/disconnect'],
    ['POST', '/account/disconnect-all'],
    ['POST', '/account/sessions/revoke'],
    ['GET', '/:any'],
  ];

  /** Correct values of another person, which the fuzzer combines and uses up. */
  async function knowledge(): Promise<Knowledge> {
    const other = await register(bridge.url, { token_endpoint_auth_method: 'client_secret_post' });
    const jwt = await register(bridge.url, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: {
        keys: [
          { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
          { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
        ],
      },
    });
    const spent = await connect(bridge.url, { login: 'hubot' });
    const browser = createAgent();
    const codes = [
      await login(bridge.url, spent.client, { login: 'hubot' }),
      await login(bridge.url, other, { login: 'hubot' }),
    ];
    const pages = [
      await browser.get(authorizationUrl(bridge.url, other, pkce().challenge)),
      await browser.get(authorizationUrl(bridge.url, other, pkce().challenge)),
    ];
    const [first] = pages;
    assert.ok(first);
    const toGithub = await browser.submit(first.form('/consent'), { button: 'allow' });
    const callback = (await passGithub(browser, toGithub, 'hubot')).location?.searchParams;
    const start = await browser.get(`${bridge.url}/account`);
    const signedIn = await passGithub(browser, await browser.submit(start.form('/account/sign-in')), 'hubot');
    await browser.follow(signedIn);
    const account = await browser.get(`${bridge.url}/account`);
    const fields = [...pages, account].flatMap((page) => page.forms().flatMap((form) => form.fields));
    const fieldsNamed = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, text]) => text);
    const management = [other, jwt, spent.client].map((one) => `Bearer ${one.registration_access_token}`);
    const bearers = [tokens, spent.tokens].map((one) => `Bearer ${one.access_token}`);
    const basic = (id: string, secret = '') => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    const assertion = (alg: string) =>
      [
        { alg },
        { iss: jwt.client_id, sub: jwt.client_id, aud: bridge.url, exp: bridge.now() + 300, jti: { toString: 'x' } },
        'signature',
      ]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
    const sealed = [...pages, account].map(({ html }) => /name="language:ja" value="([^"]+)/.exec(html)?.[1] ?? '');
    const values = {
      '': ['x', '1', 'read:user'],
      response_type: ['code'],
      client_id: [
        client.client_id,
        other.client_id,
        jwt.client_id,
        spent.client.client_id,
        'https://127.0.0.1/x',
        'https://localhost/x',
      ],
      client_secret: [other.client_secret ?? ''],
      redirect_uri: [client.redirectUri],
      code_challenge: [pkce().challenge],
      code_challenge_method: ['S256'],
      code_verifier: [...codes.map(({ verifier }) => verifier), pkce().verifier],
      code: [...codes.map(({ code }) => code), callback?.get('code') ?? ''],
      grant_type: ['authorization_code', 'refresh_token'],
      refresh_token: [spent.tokens.refresh_token ?? ''],
      token: [spent.tokens.access_token, spent.tokens.refresh_token ?? ''],
      resource: [bridge.url, `${bridge.url}/mcp`],
      scope: ['read:user', 'repo openid'],
      state: [callback?.get('state') ?? '', 'state'],
      request: fieldsNamed('request'),
      csrf: fieldsNamed('csrf'),
      session: fieldsNamed('session'),
      decision: ['allow', 'deny'],
      remember: ['1'],
      prompt: ['login', 'none', 'consent select_account'],
      max_age: ['0', '10'],
      'time-zone': ['Asia/Tokyo', 'UTC'],
      page: sealed,
      'language:ja': sealed,
      client_assertion_type: ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
      client_assertion: ['ES256', 'RS256', 'EdDSA', 'none', 'HS256'].map(assertion),
    };
    return {
      endpoints: ENDPOINTS,
      names: {
        '': ['x', 'access_token', 'id', 'ui_locales'],
        '/authorize': [
          ...[
            'response_type',
            'client_id',
            'redirect_uri',
            'code_challenge',
            'code_challenge_method',
            'state',
            'scope',
          ],
          ...['resource', 'prompt', 'max_age', 'nonce', 'login_hint', 'ui_locales'],
        ],
        '/consent': ['request', 'csrf', 'decision', 'remember'],
        '/github/callback': ['state', 'code'],
        '/token': ['grant_type', 'client_id', ...TOKEN_PARAMETERS],
        '/revoke': ['token', 'client_id', 'client_secret', 'token_type_hint'],
        '/introspect': ['token', 'client_id', 'client_secret', 'token_type_hint'],
        '/messages': ['sessionId'],
        '/preferences': ['time-zone', 'page', 'language:ja'],
        '/account': ['notice'],
        '/account/sessions': ['query', 'notice'],
        '/account/sign-out': ['csrf'],
        '/account/disconnect': ['csrf', 'session'],
        '/account/disconnect-all': ['csrf'],
        '/account/sessions/revoke': ['csrf', 'session', 'query'],
      },
      values,
      authorizations: {
        '': [basic(other.client_id, other.client_secret), basic(jwt.client_id), basic('%ff', '%')],
        '/register/:client_id': management,
        '/mcp': bearers,
        '/sse': bearers,
        '/messages': bearers,
        '/userinfo': bearers,
      },
      cookies: [
        browser.jar.header(new URL(bridge.url)) ?? '',
        'bridge-account=s1.x.y; bridge-person=;;;=; bridge-time-zone=x',
        'x',
      ],
      origins: [bridge.url],
    };
  }

  /** Bytes of the heap in use after a garbage collection, without those that the test itself uses. */
  function heap(): number {
    (bridge.events as RecordedEvent[]).length = 0;
    bridge.github.clearCalls();
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect === 'function') collect();
    return process.memoryUsage().heapUsed;
  }

  it(`#22 ${REQUESTS} malformed requests, of seed ${SEED}, cause no 5xx, no hang, no crash and no growth`, async (test) => {
    test.diagnostic(`FUZZ_SEED=${SEED}`);
    const chance = new Chance(SEED);
    const known = await knowledge();
    const failures: string[] = [];
    const statuses = new Map<number, number>();
    const send = async () => {
      const request = fuzzed(chance, known);
      const status = await sendFuzzed(bridge.url, request).catch((error: unknown) => {
        failures.push(`${String(error)}: ${JSON.stringify(request).slice(0, 2000)}`);
        return 0;
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 500 && status !== 503)
        failures.push(`${status}: ${request.body} ${JSON.stringify({ ...request, body: '' }).slice(0, 4000)}`);
    };
    const many = async (count: number) => {
      let left = count;
      const sender = async () => {
        while (left-- > 0) await send();
      };
      await Promise.all(Array.from({ length: AT_ONCE }, sender));
      // 503 is right for one thing only: a client id that is the URL of a document which there is not.
      for (const { error, path } of bridge.eventsOf('request.failed')) {
        const isUnavailable =
          error instanceof StoreUnavailable || (error instanceof Error && 'status' in error && error.status === 503);
        if (isUnavailable && !error.message.includes('the document at client_id cannot be fetched'))
          failures.push(`${path}: ${String(error)}`);
      }
    };
    await many(REQUESTS / 5);
    const before = heap();
    await many((REQUESTS * 4) / 5);
    const grown = heap() - before;
    test.diagnostic(`the heap grew by ${grown} bytes`);
    assert.deepEqual(failures, [], `seed ${SEED}`);
    test.diagnostic(
      [...statuses]
        .sort(([a], [b]) => a - b)
        .map(([status, times]) => `${status}: ${times}`)
        .join(', '),
    );
    // Many requests got past the first checks; otherwise the fuzzer would test only those.
    for (const status of [200, 201]) assert.ok(statuses.has(status), `never ${status}, seed ${SEED}`);
    assert.ok(grown < GROWTH, `the heap grew by ${grown} bytes`);
    assert.equal((await fetch(`${bridge.url}/readyz`)).status, 200);
    assert.equal(await works(bridge, tokens), true);
  });

  const head = () => `Host: ${new URL(bridge.url).host}\r\nConnection: close\r\n`;
  const bearer = () => `Authorization: Bearer ${tokens.access_token}\r\n`;

  it('#22 bytes that are no proper HTTP are answered below 500, and the bridge goes on', async () => {
    const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
    for (const bytes of [
      'x\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `GET /\0 HTTP/1.1\r\n${head()}\r\n`,
      `GET /authorize?state=\u00ff\u00fe HTTP/1.1\r\n${head()}\r\n`,
      `GET / HTTP/1.1\r\n${head()}X: ${'a'.repeat(70_000)}\r\n\r\n`,
      `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n${head()}\r\n`,
      `POST /token HTTP/1.1\r\n${head()}${form}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      `POST /token HTTP/1.1\r\n${head()}${form}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /token HTTP/1.1\r\n${head()}${form}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      `POST /token HTTP/1.1\r\n${head()}${form}Content-Length: -1\r\n\r\n`,
      `POST /mcp HTTP/1.1\r\n${head()}${bearer()}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n`,
      `GET / HTTP/1.1\r\nConnection: close\r\n\r\n`,
      `GET / HTTP/1.1\r\n${head()} folded: x\r\n\r\n`,
      `OPTIONS * HTTP/1.1\r\n${head()}\r\n`,
      `GET /authorize?client_id=x HTTP/1.0\r\n\r\n`,
      `POST /mcp HTTP/1.0\r\n${bearer()}\r\n`,
    ]) {
      const { status, text } = await sendRaw(bridge.url, Buffer.from(bytes, 'latin1'));
      assert.ok(status >= 200 && status < 500, `${JSON.stringify(bytes.slice(0, 100))}: ${text.slice(0, 200)}`);
    }
    assert.equal((await sendRaw(bridge.url, `CONNECT /mcp HTTP/1.1\r\n${head()}\r\n`)).text, '');
    assert.equal(await works(bridge, tokens), true);
  });

  it('#22 every method at every path is answered below 500, and HEAD ends', async () => {
    const methods = ['HEAD', 'OPTIONS', 'TRACE', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'QUERY', 'M-SEARCH', 'LINK'];
    for (const path of [...new Set(ENDPOINTS.map(([, endpoint]) => endpoint.replace(/:\w+/g, 'x')))])
      for (const method of methods) {
        const { status } = await sendRaw(bridge.url, `${method} ${path} HTTP/1.1\r\n${head()}${bearer()}\r\n`);
        assert.ok(status >= 200 && status < 500, `${method} ${path}: ${status}`);
      }
  });

  it('#22 a body that is compressed badly, or very well, is answered as a mistake of the sender', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, 'a'));
    for (const [encoding, body] of [
      ['gzip', bomb],
      ['gzip', bomb.subarray(0, 30)],
      ['gzip', Buffer.from('no gzip')],
      ['br', Buffer.from('no brotli')],
      ['deflate', Buffer.from('no deflate')],
      ['zstd', Buffer.from('no zstd')],
      ['compress', Buffer.from('x')],
    ] as const)
      for (const [path, type] of [
        ['/token', 'application/x-www-form-urlencoded'],
        ['/consent', 'application/x-www-form-urlencoded'],
        ['/register', 'application/json'],
        ['/messages', 'application/json'],
        ['/mcp', 'application/json'],
        ['/github/webhook', 'application/json'],
      ] as const) {
        const lines = `Content-Type: ${type}\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n`;
        const request = Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head()}${bearer()}${lines}\r\n`), body]);
        const { status } = await sendRaw(bridge.url, request);
        assert.ok(status >= 400 && status < 500, `${encoding} at ${path}: ${status}`);
      }
  });

  it('#22 a sender who hangs up half-way does not disturb others', async () => {
    for (const path of ['/mcp', '/messages', '/register', '/token', '/consent'])
      for (const type of ['application/json', 'application/x-www-form-urlencoded'])
        for (const sent of ['', '{"jsonrpc"', 'a=b&']) {
          const lines = `Content-Type: ${type}\r\nAccept: application/json, text/event-stream\r\nContent-Length: 1000\r\n`;
          const request = `POST ${path} HTTP/1.1\r\nHost: ${new URL(bridge.url).host}\r\n${bearer()}${lines}\r\n${sent}`;
          await assert.rejects(sendRaw(bridge.url, request, 20), /no answer/);
        }
    assert.equal(await works(bridge, tokens), true);
  });

  it('#22 one person cannot take all the streams', async () => {
    const [greedy, other] = [
      await connect(bridge.url, { login: 'octocat' }),
      await connect(bridge.url, { login: 'hubot' }),
    ];
    const open = ({ access_token }: Tokens, { signal }: AbortController) =>
      fetch(`${bridge.url}/sse`, { headers: { authorization: `Bearer ${access_token}` }, signal });
    // A client that breaks the connection before its stream begins leaves no stream behind.
    const { port, hostname, host } = new URL(bridge.url);
    await atOnce(
      60,
      () =>
        new Promise<void>((resolve) => {
          const request = `GET /sse HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${greedy.tokens.access_token}\r\n\r\n`;
          const socket = connectSocket(Number(port), hostname, () =>
            socket.write(request, () => setImmediate(() => socket.resetAndDestroy())),
          );
          socket.on('error', () => {});
          socket.on('close', () => resolve());
        }),
    );
    const hangUp = await until(
      async () => {
        const all = new AbortController();
        for (let count = 0; count < 50; count++) {
          if ((await open(greedy.tokens, all)).status === 200) continue;
          all.abort();
          return undefined;
        }
        return all;
      },
      { what: 'fifty streams of one person', timeout: 10_000 },
    );
    const refused = await open(greedy.tokens, hangUp);
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.equal((await open(other.tokens, hangUp)).status, 200);
    hangUp.abort();
  });

  it('#22 one person cannot keep so many sessions that everybody waits: the session unused for longest is ended', async () => {
    const person = newPerson(bridge);
    const [unused, used] = [await connect(bridge.url, { login: person }), await connect(bridge.url, { login: person })];
    bridge.advance(120);
    assert.equal(await works(bridge, used.tokens), true);
    const [session] = await bridge.store.sessions.list(sidOf(used.tokens).person);
    assert.ok(session);
    const { grant, credential } = session;
    // The same records that five hundred logins would store.
    for (let count = 0; count < MAX_SESSIONS_PER_PERSON - 1; count++) {
      const random = randomBytes(12).toString('base64url');
      const ref = { person: credential.person, grant: random };
      const begun = { ref, grant, codeHash: random, codeTtl: 60, credentialId: credential.id, credential };
      await bridge.store.sessions.begin(begun);
    }
    assert.equal(await works(bridge, unused.tokens), false);
    assert.equal(await works(bridge, used.tokens), true);
  });

  it('#22 a client whose keys are no keys is refused at the token endpoint', async () => {
    const part = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url');
    for (const key of [
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
      { kty: 'OKP', crv: 'Ed25519', x: 'AA' },
      { kty: 'RSA', n: {}, e: [] },
    ]) {
      const { status, body } = await postJson(`${bridge.url}/register`, {
        redirect_uris: [client.redirectUri],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [key] },
      });
      assert.equal(status, 201);
      const client_id = String(body.client_id);
      for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA']) {
        const claims = { iss: client_id, sub: client_id, aud: bridge.url, exp: bridge.now() + 60, jti: alg };
        const answer = await tokenRequest(bridge.url, {
          grant_type: 'refresh_token',
          client_id,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: `${part({ alg })}.${part(claims)}.AAAA`,
        });
        assert.equal(answer.status, 401, `${alg} with ${JSON.stringify(key)}`);
      }
    }
  });
});
