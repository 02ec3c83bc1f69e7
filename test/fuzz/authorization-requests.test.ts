// Authorization requests of any structure: a page, or an error at an address that the client registered; never a code.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import fc from 'fast-check';
import { createAgent, type Page } from '../support/agent.ts';
import { onBothStores, type RecordedEvent, useBridge } from '../support/bridge.ts';
import { pkce, register, type TestClient } from '../support/oauth.ts';
import {
  BEHIND_A_PROXY,
  becameMarkup,
  DESCRIPTION,
  edit,
  edited,
  fitsInABody,
  fromElsewhere,
  holds,
  MARK,
  mutatedUri,
  redirectUri,
  text,
} from './strangers.ts';

const REGISTERED = [
  ['https://app.example/callback?x=y', 'http://127.0.0.1/callback', 'http://localhost:45001/callback'],
  ['https://app.example/only'],
  ['com.example.app:/callback', 'cursor://anysphere.cursor-mcp/oauth/callback'],
];
const NAMES = [
  ...['response_type', 'client_id', 'redirect_uri', 'code_challenge', 'code_challenge_method', 'state', 'scope'],
  ...['resource', 'nonce', 'prompt', 'max_age', 'login_hint', 'ui_locales', 'response_mode', 'request', 'request_uri'],
];
const ERRORS =
  /^(?:invalid_request|unauthorized_client|access_denied|unsupported_response_type|invalid_scope|server_error|temporarily_unavailable|invalid_target|request_not_supported|request_uri_not_supported|interaction_required)$/;

const value = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 2, arbitrary: fc.oneof(redirectUri, mutatedUri) },
  { weight: 2, arbitrary: fc.constantFrom('code', 'S256', 'plain', 'none', 'query', 'fragment', 'form_post', 'token') },
  { weight: 2, arbitrary: fc.constantFrom('login consent', 'repo', 'openid', 'read:user gist', '0', '10', 'ja', 'en') },
);
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
/** A client, by its number, and one of its redirect URIs. */
const target = fc
  .nat(2)
  .chain((client) => fc.tuple(fc.constant(client), fc.constantFrom(...(REGISTERED[client] ?? []))));
/** Parts of a query that no URLSearchParams writes. */
const raw = fc.constantFrom('&', '=', '&&=&', '%', '%ff', '%E0%A4%A', '+', ';', '#', '[]', '%00', '%0d%0aSet-Cookie:x');
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 4, arbitrary: fc.constantFrom('redirect_uri', 'state', 'code_challenge', 'code_challenge_method') },
  { weight: 1, arbitrary: text },
);
const change = fc.oneof(
  fc.record({ kind: fc.constant('replace' as const), name, value }),
  fc.record({ kind: fc.constant('repeat' as const), name, value }),
  fc.record({ kind: fc.constant('drop' as const), name }),
  fc.record({ kind: fc.constant('swap' as const), name, other: name }),
  fc.record({ kind: fc.constant('edit' as const), name, edit }),
  fc.record({ kind: fc.constant('raw' as const), index: fc.nat(), value: raw }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** The text of a request in which a few parameters are changed. */
function changed(usual: URLSearchParams, changes: readonly Change[]): string {
  const parameters = new URLSearchParams(usual);
  for (const one of changes) {
    if (one.kind === 'replace') parameters.set(one.name, one.value);
    if (one.kind === 'repeat') parameters.append(one.name, one.value);
    if (one.kind === 'drop') parameters.delete(one.name);
    if (one.kind === 'swap') {
      const [first, second] = [parameters.get(one.name), parameters.get(one.other)];
      if (second !== null) parameters.set(one.name, second);
      if (first !== null) parameters.set(one.other, first);
    }
    if (one.kind === 'edit') parameters.set(one.name, edited(parameters.get(one.name) ?? '', one.edit));
  }
  return changes.reduce((query, one) => {
    if (one.kind !== 'raw') return query;
    const index = one.index % (query.length + 1);
    return query.slice(0, index) + one.value + query.slice(index);
  }, parameters.toString());
}

/** The addresses elsewhere to which an answer sends the browser, or lets the person send it. */
function waysOut(page: Page, issuer: string): string[] {
  const attributes = [...page.html.matchAll(/(?<!<link[^>]*)\s(?:href|action|formaction)="([^"]*)"/g)].map(
    ([, one = '']) => one,
  );
  const refresh = [
    page.headers.get('refresh') ?? '',
    ...[...page.html.matchAll(/<meta[^>]*http-equiv="refresh"[^>]*content="([^"]*)"/gi)].map(([, one = '']) => one),
  ].map((one) => /url=(.*)$/i.exec(one)?.[1] ?? '');
  const all = [page.headers.get('location') ?? '', ...attributes, ...refresh].map((one) =>
    one.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<'),
  );
  return all.filter((one) => one !== '' && !one.startsWith(`${issuer}/`) && !/^(?:\/(?!\/)|#)/.test(one));
}

onBothStores('an authorization request', (store) => {
  const bridge = useBridge({ store, quiet: true, env: BEHIND_A_PROXY });
  const clients: TestClient[] = [];
  before(async () => {
    for (const redirect_uris of REGISTERED) clients.push(await register(bridge.url, { redirect_uris }));
  });

  const usualRequest = ({ client_id }: TestClient, redirect_uri: string) =>
    new URLSearchParams({
      response_type: 'code',
      client_id,
      redirect_uri,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
      state: 'the state/+ of %the client',
      scope: 'read:user',
    });

  /** Whether the requested redirect URI is a registered one; only the port of an http loopback address may differ. */
  const isRegistered = (registered: readonly string[], uri: string) => {
    const portless = (one: string) => one.replace(/^(http:\/\/(?:localhost|127\.0\.0\.1)):\d+(?=\/)/, '$1');
    if (registered.includes(uri)) return true;
    return URL.canParse(uri) && registered.some((one) => /^http:/.test(one) && portless(one) === portless(uri));
  };

  /** Fails unless an address is that of the request's client, with an error, `iss` and the exact `state`. */
  function checkResponse(address: string, sent: URLSearchParams, error: RegExp): void {
    const client = clients.find(({ client_id }) => client_id === sent.get('client_id'));
    const registered = REGISTERED[client === undefined ? -1 : clients.indexOf(client)] ?? [];
    const target = sent.get('redirect_uri') || registered[0] || '';
    assert.ok(isRegistered(registered, target), `${address} is an answer at an address that is not registered`);
    assert.ok(address.startsWith(`${target}${target.includes('?') ? '&' : '?'}`), `${address} is not at ${target}`);
    const response = new URLSearchParams(address.slice(target.length + 1));
    assert.match(response.get('error') ?? '', error);
    assert.match(response.get('error_description') ?? '', DESCRIPTION);
    assert.deepEqual(response.getAll('iss'), [bridge.url]);
    assert.deepEqual(
      response.getAll('state'),
      sent.getAll('state').filter((one) => one !== ''),
    );
    assert.deepEqual(
      [...response.keys()].filter((one) => !/^(?:error|error_description|iss|state)$/.test(one)),
      [],
    );
  }

  /** Fails unless everything that a login needs was in the request, once. */
  function checkConsentIsDue(sent: URLSearchParams): void {
    const values = (wanted: string) => sent.getAll(wanted).filter((one) => one !== '');
    const client = clients.findIndex(({ client_id }) => client_id === values('client_id')[0]);
    const registered = REGISTERED[client] ?? [];
    const [target] = values('redirect_uri');
    assert.ok(target === undefined ? registered.length === 1 : isRegistered(registered, target), 'redirect_uri');
    assert.deepEqual(values('response_type'), ['code']);
    assert.deepEqual(values('code_challenge_method'), ['S256']);
    assert.match(values('code_challenge').join(), /^[A-Za-z0-9_-]{43}$/);
    for (const one of NAMES) assert.ok(one === 'resource' || values(one).length <= 1, `${one} is repeated`);
  }

  holds(
    '#8 and #22 is for a registered redirect URI, or its answer is a page, however near another one is',
    100,
    [target, edit],
    async ([index, registered], change) => {
      const client = clients[index];
      assert.ok(client);
      const redirect = edited(registered, change);
      const request = usualRequest(client, redirect);
      const body = request.toString();
      fitsInABody(body);
      const page = await createAgent({ headers: { ...fromElsewhere(), ...FORM } }).request(`${bridge.url}/authorize`, {
        method: 'POST',
        body,
      });
      const good = redirect === '' ? false : isRegistered(REGISTERED[index] ?? [], redirect);
      if (good) assert.equal(page.form('/consent').method, 'POST');
      else assert.ok(page.status === 400, `${redirect}: ${page.status}`);
      assert.equal(becameMarkup(page.html), false, page.html);
    },
  );

  holds(
    '#6, #8 and #22 whose parameters are dropped, repeated, swapped or garbled never gives a code, and its error goes to the client alone',
    100,
    [target, fc.array(change, { maxLength: 3 }), fc.constantFrom('GET' as const, 'POST' as const)],
    async ([index, redirect], changes, wanted) => {
      (bridge.events as RecordedEvent[]).length = 0;
      const client = clients[index];
      assert.ok(client);
      const query = changed(usualRequest(client, redirect), changes);
      fitsInABody(query);
      const method = query.length > 10_000 ? 'POST' : wanted; // node takes heads of 16 KB
      const browser = createAgent({ headers: fromElsewhere() });
      // A fragment never leaves the browser.
      const sentText = method === 'GET' ? query.replace(/#.*$/s, '') : query;
      const page =
        method === 'GET'
          ? await browser.get(`${bridge.url}/authorize?${query}`)
          : await browser.request(`${bridge.url}/authorize`, {
              method,
              body: query,
              headers: FORM,
            });
      const sent = new URLSearchParams(sentText);
      // A client id that is an https URL names a document, and nothing can be fetched here.
      if (page.status === 503 && page.text.includes('the document at client_id cannot be fetched')) return;
      assert.ok(page.status < 500 && page.status !== 429, `${page.status}: ${page.text}`);
      assert.equal([...page.headers].join('\n').includes(`\n${MARK}`), false);
      assert.equal(becameMarkup(page.html), false, page.html);
      const out = waysOut(page, bridge.url);
      for (const address of out) checkResponse(address, sent, ERRORS);
      const isConsent = page.status === 200 && page.forms().some(({ action }) => action.pathname === '/consent');
      if (page.status === 302) assert.ok(out.length > 0);
      if (isConsent) {
        checkConsentIsDue(sent);
        assert.deepEqual(out, []);
        const denied = await browser.submit(page.form('/consent'), { button: 'deny' });
        const answers = waysOut(denied, bridge.url);
        assert.ok(answers.length > 0, denied.text);
        for (const address of answers) checkResponse(address, sent, /^access_denied$/);
      }
      assert.deepEqual(bridge.eventsOf('login.completed'), []);
      assert.deepEqual(
        bridge.eventsOf('request.failed').filter(({ expected }) => !expected),
        [],
      );
    },
  );
});
