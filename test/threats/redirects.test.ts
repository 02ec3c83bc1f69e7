// Threat 8: a redirect to an address that the client did not register, or that no client should register.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAgent } from '../support/agent.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { authorizationUrl, pkce, postJson, register, type TestClient } from '../support/oauth.ts';
import { assertRefused, sendRaw } from './attack.ts';

/** Addresses that no client may register. */
const NEVER = [
  // Schemes that run or read something in the browser, in several spellings.
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  'javascript://client.example/%0aalert(1)',
  'java\tscript:alert(1)',
  ' javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://client.example/x',
  'about:blank',
  'view-source:https://client.example',
  'filesystem:https://client.example/temporary/x',
  'ws://localhost/cb',
  'wss://client.example/cb',
  'ftp://client.example/cb',
  'mailto:a@client.example',
  'tel:1',
  'intent://client.example#Intent;scheme=https;end',
  'unknownscheme://cb',
  // Plain http to another machine, also where it looks like this one.
  'http://evil.example/cb',
  'http://localhost.evil.example/cb',
  'http://127.0.0.1.evil.example/cb',
  'http://localhost@evil.example/cb',
  'http://evil.example#@localhost/',
  'http://localhost\\@evil.example/cb',
  'http://0.0.0.0/cb',
  'http://[::]/cb',
  'http://192.168.0.1/cb',
  'http://10.0.0.1/cb',
  'http://169.254.169.254/latest/meta-data',
  'http://[::ffff:10.0.0.1]/cb',
  'http://localhost./cb',
  'http://128.0.0.1/cb',
  // Texts that two programs read as two addresses.
  'https://client.example/cb#fragment',
  'https://client.example/cb#',
  'http://localhost/cb#x',
  'cursor://host/cb#x',
  'https://user@client.example/cb',
  'https://user:password@client.example/cb',
  'https://:@client.example/cb',
  'https://@client.example/cb',
  'cursor://user@host/cb',
  'https://client.example/../cb',
  'https://client.example/a/./cb',
  'https://client.example/%2e%2e/cb',
  'https://client.example/a%2f..%2fcb',
  'https://client.example/a/..',
  'https://client.example/.?x',
  'https://*.client.example/cb',
  'https://client.example/*',
  'https://client.example\\@evil.example/cb',
  'https://client.example/cb\r\nLocation: https://evil.example',
  'https://client.example/c b',
  'https://client.example/c\u0000b',
  'https://clïent.example/cb',
  'https://client.example/\u202e',
  'https:client.example/cb',
  'https:///client.example/cb',
  'https://',
  'http:///localhost/cb',
  '//client.example/cb',
  '/cb',
  'cb',
  '',
  '   ',
  'urn:ietf:wg:oauth:2.0:oob',
  `https://client.example/${'a'.repeat(2049)}`,
];

/** Addresses that clients really register. */
const FINE = [
  'https://client.example/cb',
  'https://client.example/cb?tenant=1&x=%2F',
  'https://client.example:8443/cb',
  'https://xn--clent-6ya.example/cb',
  'http://localhost/cb',
  'http://localhost:3000/cb',
  'http://127.0.0.1:3000/cb',
  'http://[::1]:3000/cb',
  'com.example.app:/cb',
  'cursor://anysphere.cursor-retrieval/oauth/cb',
  'vscode://publisher.extension/cb',
];

onBothStores('redirects', (store) => {
  const bridge = useBridge({ store });

  const registering = (redirect_uris: unknown) =>
    postJson(`${bridge.url}/register`, { client_name: 'Redirected', redirect_uris });

  const ask = (client: TestClient, parameters: Record<string, string | undefined>) =>
    createAgent().get(authorizationUrl(bridge.url, client, pkce().challenge, parameters));

  it('#8 no client registers an address that runs code, is plain http to another machine, or can be read in two ways', async () => {
    for (const uri of NEVER) {
      const answer = await registering([uri]);
      assert.equal(answer.status, 400, `${JSON.stringify(uri)} was taken`);
      assertRefused(answer, 'invalid_redirect_uri');
    }
    for (const uri of FINE) assert.equal((await registering([uri])).status, 201, uri);
  });

  it('#8 a registration with one bad address is refused as a whole, also when it is changed later', async () => {
    assertRefused(await registering([...FINE, 'http://evil.example/cb']), 'invalid_redirect_uri');
    for (const uris of [[], undefined, 'https://client.example/cb', [{}], [null], { 0: FINE[0] }, [[FINE[0]]]])
      assertRefused(await registering(uris), 'invalid_redirect_uri');
    const client = await register(bridge.url);
    for (const uri of ['http://evil.example/cb', 'javascript:alert(1)']) {
      const answer = await fetch(client.registration_client_uri, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${client.registration_access_token}` },
        body: JSON.stringify({ client_id: client.client_id, redirect_uris: [uri] }),
      });
      assert.equal(answer.status, 400, uri);
    }
    assert.equal((await ask(client, { redirect_uri: 'http://evil.example/cb' })).status, 400);
  });

  it('#8 an authorization request for any other address is answered by a page, whatever else is wrong with it', async () => {
    const client = await register(bridge.url, {
      redirect_uris: ['https://client.example/cb', 'https://client.example/cb?x=1', 'cursor://host/cb'],
    });
    const strange = [
      'https://evil.example/cb',
      'https://client.example.evil.example/cb',
      'https://client.example@evil.example/cb',
      'https://client.example/cb/',
      'https://client.example/CB',
      'https://CLIENT.example/cb',
      'https://client.example:443/cb',
      'https://client.example:444/cb',
      'https://client.example/cb?',
      'https://client.example/cb?x=2',
      'https://client.example/cb?x=1&y=2',
      'https://client.example/cb%2f..%2fevil',
      'https://client.example/../cb',
      'https://client.example/cb#',
      'https://client.example/cb#https://evil.example',
      'http://client.example/cb',
      'https://client.example/%63b',
      'https://clıent.example/cb',
      'cursor://host/cb?x',
      'cursor://evil/cb',
      'CURSOR://host/cb',
      'javascript:alert(1)',
      'data:text/html,x',
      '//evil.example/cb',
      '\\\\evil.example',
      'https://client.example/cb https://evil.example/cb',
      'https://client.example/cb,https://evil.example/cb',
    ];
    for (const redirect_uri of strange) {
      // The second request has further errors, each of which alone is answered with a registered address.
      for (const more of [{}, { response_type: 'token', code_challenge: undefined, resource: 'x', prompt: 'none' }]) {
        const page = await ask(client, { redirect_uri, ...more });
        assert.equal(page.status, 400, redirect_uri);
        assert.equal(page.location, undefined, redirect_uri);
        assert.equal(page.headers.get('refresh'), null, redirect_uri);
        assert.equal(page.formsOfItsOwn().length, 0, redirect_uri);
        assert.doesNotMatch(
          page.html,
          /href="(?:https?:|javascript:|data:|\/\/|\\)[^"]*(?:evil|alert|text)/,
          redirect_uri,
        );
      }
    }
    assert.equal((await ask(client, { redirect_uri: undefined })).status, 400, 'which one was not said');
    (await ask(client, { redirect_uri: 'https://client.example/cb?x=1' })).form('/consent');
  });

  it('#8 only the port of a loopback address may differ', async () => {
    for (const registered of ['http://localhost:3000/cb?x=1', 'http://127.0.0.1/cb', 'http://[::1]:3000/cb']) {
      const client = await register(bridge.url, { redirect_uris: [registered] });
      const { protocol, hostname, pathname, search } = new URL(registered);
      const at = (host: string, rest = `${pathname}${search}`, scheme = protocol) => `${scheme}//${host}${rest}`;
      for (const port of ['', ':1', ':3000', ':65535'])
        (await ask(client, { redirect_uri: at(`${hostname}${port}`) })).form('/consent');
      for (const redirect_uri of [
        at(`${hostname}:65536`),
        at(`${hostname}:`),
        at(`${hostname}:-1`),
        at(`${hostname}:3000@evil.example`),
        at(`${hostname}:3000.evil.example`),
        at(`${hostname}.evil.example`),
        at(`${hostname}:3000`, '/other'),
        at(`${hostname}:3000`, `${pathname}${search}#`),
        at(`${hostname}:3000`, `${pathname}${search}`, 'https:'),
        at(`user@${hostname}:3000`),
        at(hostname === 'localhost' ? '127.0.0.1' : 'localhost'),
        at(hostname.toUpperCase() === hostname ? 'LOCALHOST' : hostname.toUpperCase()),
        at('127.0.0.2'),
      ]) {
        const page = await ask(client, { redirect_uri });
        assert.equal(page.status, 400, redirect_uri);
        assert.equal(page.location, undefined, redirect_uri);
      }
    }
  });

  it('#8 two redirect URIs in one request, or one with a line break, are answered by a page', async () => {
    const client = await register(bridge.url, { redirect_uris: ['https://client.example/cb'] });
    const good = authorizationUrl(bridge.url, client, pkce().challenge);
    for (const addition of [
      '&redirect_uri=https%3A%2F%2Fevil.example%2Fcb',
      '&redirect_uri=https%3A%2F%2Fclient.example%2Fcb',
      '&client_id=x',
      '&state=a&state=b',
      '&nonce=a%0d%0aLocation:%20https://evil.example',
    ]) {
      const page = await createAgent().get(`${good}${addition}`);
      assert.equal(page.status, 400, addition);
      assert.equal(page.location, undefined, addition);
    }
    const crlf = 'https://client.example/cb%0d%0aLocation:%20https://evil.example';
    const { text } = await sendRaw(
      bridge.url,
      `GET /authorize?client_id=${client.client_id}&redirect_uri=${crlf} HTTP/1.1\r\nHost: ${new URL(bridge.url).host}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.doesNotMatch(text, /^location:/im);
  });

  it('#8 state and errors cannot add parameters to the address that they are sent to', async () => {
    const client = await register(bridge.url, { redirect_uris: ['https://client.example/cb?tenant=1'] });
    const state = 'a&code=forged&iss=https://evil.example#x?\u00e9\ud83d\ude00+%0d%0a';
    const { buttonLink: location } = await ask(client, { state, response_type: 'token' });
    assert.ok(location);
    assert.ok(location.href.startsWith('https://client.example/cb?tenant=1&error=unsupported_response_type&'));
    assert.equal(location.hash, '');
    assert.deepEqual([...location.searchParams.keys()], ['tenant', 'error', 'error_description', 'state', 'iss']);
    assert.equal(location.searchParams.get('state'), state);
    assert.equal(location.searchParams.get('iss'), bridge.url);
  });
});
