// Token requests of any structure: OAuth's errors for garbage, and one wrong parameter neither gives tokens nor spends what is
// good.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { createAgent } from '../support/agent.ts';
import { onBothStores, type RecordedEvent, useBridge } from '../support/bridge.ts';
import {
  connect,
  login,
  pkce,
  redemption,
  refreshing,
  register,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import {
  BEHIND_A_PROXY,
  DESCRIPTION,
  edit,
  edited,
  fitsInABody,
  fromElsewhere,
  holds,
  json,
  MARK,
  mutatedUri,
  objectText,
  text,
} from './strangers.ts';

/** RFC 6749 section 5.2, RFC 8707 section 2. */
const ERRORS =
  /^(?:invalid_request|invalid_client|invalid_grant|unauthorized_client|unsupported_grant_type|invalid_scope|invalid_target)$/;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const NAMES = [
  ...['grant_type', 'code', 'code_verifier', 'redirect_uri', 'client_id', 'client_secret', 'refresh_token', 'scope'],
  ...['resource', 'client_assertion', 'client_assertion_type'],
];
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};

/** The person of the codes. The tokens are hubot's, whose sessions stay below 500. */
const asMonalisa = () => ({ login: 'monalisa', browser: createAgent({ headers: fromElsewhere() }) });

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

onBothStores('a token request', (store) => {
  const bridge = useBridge({ store, quiet: true, env: BEHIND_A_PROXY });
  /** Clients that hold nothing: one of each way to authenticate. */
  const clients: TestClient[] = [];
  /** Clients with tokens. What is genuine of theirs is sent by the clients above, or with something wrong in it. */
  const owners: { client: TestClient; tokens: Tokens }[] = [];
  /** Genuine values that no owner's client id comes with. */
  const genuine: string[] = [];
  before(async () => {
    for (const token_endpoint_auth_method of ['none', 'client_secret_basic', 'private_key_jwt'])
      clients.push(await register(bridge.url, { token_endpoint_auth_method, jwks: { keys: [KEY] } }));
    for (const token_endpoint_auth_method of ['none', 'client_secret_post'])
      owners.push(await connect(bridge.url, { metadata: { token_endpoint_auth_method }, login: 'hubot' }));
    const { client, tokens } = await connect(bridge.url, { login: 'hubot' });
    const { code, verifier } = await login(bridge.url, client, { login: 'hubot' });
    genuine.push(code, verifier, tokens.refresh_token ?? '', tokens.access_token, client.redirectUri);
  });

  /** Sends a form. Fails unless the answer is tokens, or an error as OAuth has them, which nobody caches. */
  async function send(form: string, headers: Record<string, string> = {}): Promise<Answer> {
    (bridge.events as RecordedEvent[]).length = 0;
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const init = { method: 'POST', headers: { ...type, ...fromElsewhere(), ...headers }, body: form };
    const answer = await fetch(`${bridge.url}/token`, init);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json\b/);
    assert.equal([...answer.headers].join('\n').includes(MARK), false);
    const body = z.record(z.string(), z.unknown()).parse(await answer.json());
    assert.deepEqual(
      bridge.eventsOf('request.failed').filter(({ expected }) => !expected),
      [],
    );
    if (answer.status === 200) return { status: answer.status, body };
    // A client id that is an https URL names a document, and nothing can be fetched here.
    if (body.error_description === 'the document at client_id cannot be fetched') {
      assert.deepEqual([answer.status, body.error], [503, 'temporarily_unavailable']);
      return { status: answer.status, body };
    }
    assert.ok([400, 401].includes(answer.status), `${answer.status}: ${JSON.stringify(body)}`);
    assert.match(String(body.error), ERRORS);
    assert.match(String(body.error_description), DESCRIPTION);
    assert.deepEqual(Object.keys(body).sort(), ['error', 'error_description']);
    assert.equal(answer.status === 401, body.error === 'invalid_client');
    // A client that used the header is told which scheme to use (RFC 6749 section 5.2).
    if (answer.status === 401 && 'authorization' in headers)
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic /);
    return { status: answer.status, body };
  }

  const base64 = (value: string) => Buffer.from(value).toString('base64');
  const part = json.map((value) => Buffer.from(value).toString('base64url'));
  const claims = fc
    .record({ iss: json, sub: json, aud: json, exp: json, jti: json }, { requiredKeys: [] })
    .map((members) => Buffer.from(objectText(Object.entries(members))).toString('base64url'));
  const header = fc
    .constantFrom('ES256', 'none', 'HS256', 'RS256')
    .map((alg) => Buffer.from(`{"alg":"${alg}"}`).toString('base64url'));
  const assertion = fc.tuple(fc.oneof(header, part), fc.oneof(claims, part), fc.oneof(part, fc.constant('')));
  /** A value, or the index of a genuine one, which is known only when the bridge runs. */
  const value = fc.oneof(
    { weight: 2, arbitrary: text },
    { weight: 4, arbitrary: fc.nat(20) },
    {
      weight: 2,
      arbitrary: fc.constantFrom('authorization_code', 'refresh_token', 'client_credentials', ASSERTION_TYPE),
    },
    { weight: 1, arbitrary: fc.constantFrom('repo', 'openid', pkce().verifier) },
    { weight: 1, arbitrary: assertion.map((parts) => parts.join('.')) },
  );
  const known = (one: string | number): string => {
    if (typeof one === 'string') return one;
    const all = [
      ...genuine,
      ...clients.flatMap((client) => [client.client_id, client.client_secret ?? '']),
      bridge.url,
    ];
    return all[one % all.length] ?? '';
  };
  const name = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...NAMES) }, { weight: 1, arbitrary: text });
  /** An Authorization header, or the id and the secret in one. */
  const authorization = fc.oneof(
    fc.tuple(value, value),
    text.map((strange) => `Basic ${base64(strange)}`),
    fc.constantFrom('Basic', 'Basic =', 'Bearer x', 'Basic %', 'basic Og==', 'Digest a="b"'),
  );
  const headerOf = (one: string | [id: string | number, secret: string | number]) =>
    // node takes heads of 16 KB
    (typeof one === 'string' ? one : `Basic ${base64(`${known(one[0])}:${known(one[1])}`)}`).slice(0, 12_000);

  holds(
    '#10 and #22 of any grant with any credentials gets an error of OAuth, and no tokens',
    150,
    [
      fc.constantFrom('authorization_code', 'refresh_token'),
      fc.nat(2),
      fc.array(fc.tuple(name, value), { maxLength: 8 }),
      fc.option(authorization, { nil: undefined, freq: 3 }),
    ],
    async (grantType, client, members, basic) => {
      const form = new URLSearchParams({ grant_type: grantType, client_id: clients[client]?.client_id ?? '' });
      for (const [one, strange] of members) form.set(one, known(strange));
      fitsInABody(form.toString());
      const { status, body } = await send(
        form.toString(),
        basic === undefined ? {} : { authorization: headerOf(basic) },
      );
      assert.notEqual(status, 200, JSON.stringify(body));
    },
  );

  const used = fc.oneof(
    { weight: 1, arbitrary: name },
    { weight: 3, arbitrary: fc.constantFrom('code', 'code_verifier', 'redirect_uri', 'client_id', 'refresh_token') },
  );
  const change = fc.oneof(
    fc.record({ kind: fc.constant('replace' as const), name: used, value: fc.oneof(value, mutatedUri) }),
    fc.record({ kind: fc.constant('repeat' as const), name: used, value }),
    fc.record({ kind: fc.constant('drop' as const), name: used }),
    fc.record({ kind: fc.constant('twice' as const), name: used }),
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('edit' as const), name: used, edit }) },
  );
  type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

  function changed(usual: URLSearchParams, one: Change): URLSearchParams {
    const form = new URLSearchParams(usual);
    const before = form.get(one.name) ?? '';
    if (one.kind === 'replace') form.set(one.name, known(one.value));
    if (one.kind === 'repeat') form.append(one.name, known(one.value));
    if (one.kind === 'drop') form.delete(one.name);
    if (one.kind === 'twice') form.append(one.name, before);
    if (one.kind === 'edit') form.set(one.name, edited(before, one.edit));
    return form;
  }

  /**
   * Whether a changed request still says the same: each parameter that counts has its value, once. An empty parameter counts as
   * absent, unknown ones are ignored (RFC 6749 section 3.2), and a resource may be named.
   */
  function saysTheSame(usual: URLSearchParams, form: URLSearchParams): boolean {
    const values = (of: URLSearchParams, wanted: string) => of.getAll(wanted).filter((one) => one !== '');
    for (const one of new Set(form.keys())) {
      if (one !== 'resource' && values(form, one).length > 1) return false;
      if (
        values(form, one).some(
          (each) => each.length > 8192 || [...each].some((character) => character < ' ' || character === '\x7f'),
        )
      )
        return false;
    }
    const resources = values(form, 'resource').flatMap((one) => one.split(' ').filter((word) => word !== ''));
    if (!resources.every((one) => [bridge.url, `${bridge.url}/`, `${bridge.url}/mcp`].includes(one))) return false;
    const secret = usual.has('client_secret');
    if (!secret && values(form, 'client_assertion').length > 0) return false;
    const counting = ['grant_type', 'client_id', 'code', 'code_verifier', 'redirect_uri', 'refresh_token', 'scope'];
    const unused = usual.has('code') ? ['refresh_token', 'scope'] : ['code', 'code_verifier', 'redirect_uri'];
    return [...counting, ...(secret ? ['client_secret', 'client_assertion'] : [])]
      .filter((one) => !unused.includes(one))
      .every((one) => values(form, one).join(' ') === values(usual, one).join(' '));
  }

  const formOf = (parameters: Record<string, string | undefined>) =>
    new URLSearchParams(Object.entries(parameters).filter((one): one is [string, string] => one[1] !== undefined));

  holds(
    '#2 and #22 with a good code and one wrong parameter is refused, and the code stays good',
    8,
    [fc.nat(1), fc.array(change, { minLength: 20, maxLength: 40 })],
    async (index, changes) => {
      const client = owners[index]?.client;
      assert.ok(client);
      const { code, verifier } = await login(bridge.url, client, asMonalisa());
      const usual = formOf(redemption(client, code, verifier));
      for (const one of changes) {
        const form = changed(usual, one);
        if (saysTheSame(usual, form)) continue;
        const { status, body } = await send(form.toString());
        assert.notEqual(status, 200, `${form} gave ${JSON.stringify(body)}`);
      }
      tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
    },
  );

  holds(
    '#2 with a good code and a change that says nothing is answered with tokens',
    8,
    [fc.nat(1), text, text],
    async (index, unknown, strange) => {
      const client = owners[index]?.client;
      assert.ok(client);
      const { code, verifier } = await login(bridge.url, client, asMonalisa());
      const usual = formOf(redemption(client, code, verifier));
      const form = new URLSearchParams(usual);
      form.append(unknown, strange);
      const { status, body } = await send(form.toString());
      assert.equal(status === 200, saysTheSame(usual, form), `${form} gave ${JSON.stringify(body)}`);
    },
  );

  holds(
    '#3 and #22 with a good refresh token and one wrong parameter is refused, and the token stays good',
    40,
    [fc.nat(1), fc.array(change, { minLength: 1, maxLength: 4 })],
    async (index, changes) => {
      const owner = owners[index];
      assert.ok(owner);
      const usual = formOf(refreshing(owner.client, owner.tokens.refresh_token));
      for (const one of changes) {
        const form = changed(usual, one);
        if (saysTheSame(usual, form)) continue;
        const { status, body } = await send(form.toString());
        if (status !== 200) continue;
        // The one parameter that may be added narrows the scope; a blank one counts as absent.
        const wanted: string = form.get('scope')?.trim() || owner.tokens.scope;
        assert.ok(
          form.has('scope') && wanted.split(/ +/).every((scope) => owner.tokens.scope.split(' ').includes(scope)),
          `${form}`,
        );
        assert.equal(body.scope, wanted);
      }
      owner.tokens = tokensOf(await tokenRequest(bridge.url, refreshing(owner.client, owner.tokens.refresh_token)));
    },
  );
});
