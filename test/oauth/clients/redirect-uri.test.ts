// Redirect URIs: which may be registered, and when a requested one is a registered one: exactly, but for the port of a
// loopback address (OAuth 2.1 section 2.3, RFC 8252 sections 7 and 8). What a client meets at the endpoints is in
// test/threats/redirects.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  redirectHost,
  redirectKind,
  redirectUriMatches,
  redirectUriProblem,
} from '../../../src/oauth/clients/redirect-uri.ts';
import { DANGEROUS_SCHEMES } from '../../../src/security/schemes.ts';
import { address, path, port, RUNS } from '../addresses.ts';

const SCHEMES = ['cursor', 'vscode'];

describe('redirect URIs, whatever they are', () => {
  it('#8 taken ones are absolute, of a harmless scheme, without fragment or user, and in the clear on loopback only', () => {
    fc.assert(
      fc.property(address, (uri) => {
        if (redirectUriProblem(uri, SCHEMES) !== undefined) return;
        const url = new URL(uri);
        const scheme = url.protocol.slice(0, -1);
        assert.match(uri, /^[\x21-\x7e]+$/);
        assert.doesNotMatch(uri, /[#\\*]/);
        assert.equal(url.username + url.password + url.hash, '');
        if (scheme === 'https') return;
        if (scheme === 'http') assert.match(url.hostname, /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/);
        else assert.ok(!DANGEROUS_SCHEMES.has(scheme) && (scheme.includes('.') || SCHEMES.includes(scheme)), scheme);
      }),
      RUNS,
    );
  });

  it('#8 one matches itself, and another only at another port of the same loopback address', () => {
    fc.assert(
      fc.property(address, address, (registered, requested) => {
        assert.equal(redirectUriMatches(registered, registered), true);
        if (registered === requested || !redirectUriMatches(registered, requested)) return;
        const [one, other] = [new URL(registered), new URL(requested)];
        assert.equal(one.protocol, 'http:');
        assert.match(one.hostname, /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/);
        one.port = other.port;
        assert.equal(one.href, other.href);
      }),
      RUNS,
    );
  });

  it('#8 changed in any character, one no longer matches, but for the digits of a loopback port', () => {
    const changed = fc.tuple(address, fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat({ max: 2 }));
    fc.assert(
      fc.property(changed, ([registered, at, inserted, removed]) => {
        if (redirectUriProblem(registered, SCHEMES) !== undefined) return;
        const index = at % (registered.length + 1);
        const requested = registered.slice(0, index) + inserted + registered.slice(index + removed);
        if (requested === registered || !redirectUriMatches(registered, requested)) return;
        const portless = (uri: string) => uri.replace(/^(http:\/\/(?:localhost|127(?:\.\d+){3}|\[::1\])):\d+/, '$1');
        assert.equal(portless(requested), portless(registered));
      }),
      RUNS,
    );
  });

  it('#8 every port of a loopback address matches', () => {
    const loopback = fc.constantFrom('localhost', '127.0.0.1', '127.1.2.3', '[::1]');
    fc.assert(
      fc.property(loopback, port, port, path, (name, one, other, rest) => {
        const at = (number: number | undefined) => `http://${name}${number === undefined ? '' : `:${number}`}${rest}`;
        assert.equal(redirectUriMatches(at(one), at(other)), true);
        assert.equal(redirectUriMatches(at(one).replace('http:', 'https:'), at(other)), false);
      }),
    );
  });
});

describe('a redirect URI', () => {
  const taken = [
    'https://app.example/callback?x=y',
    'http://localhost/callback',
    'http://127.0.0.1:33418/',
    'http://[::1]:8080/callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'com.example.app:/oauth',
    'com.example.app:/settings/oauth?package=Extension',
    'vscode://vscode.github-authentication/did-authenticate',
  ];
  const refused: readonly [uri: string, problem: RegExp][] = [
    ['/callback', /absolute/],
    ['https://app.example/callback#', /fragment/],
    ['https://*.app.example/callback', /wildcard/],
    ['https://user@app.example/callback', /user information/],
    ['https://app.example/a/../callback', /dot segments/],
    ['https://app.example/a/%2e%2E/callback', /dot segments/],
    ['https:///callback', /no host/],
    ['https://app.example\\@evil.example/', /characters/],
    ['https://app.example/\u202ecallback', /characters/],
    ['http://app.example/callback', /loopback/],
    ['http://localhost.evil.example/callback', /loopback/],
    ['javascript:alert(1)', /never a client's/],
    ['zoommtg://callback', /does not take/],
    ['cursor://anysphere.cursor-deeplink/mcp/install?name=x&config=e30', /not a callback address/],
    ['cursor://anysphere.cursor-mcp/c%61llback', /not a callback address/],
    ['cursor://anysphere.cursor-mcp/anything', /not a callback address/],
    ['vscode://vscode-remote/ssh-remote+evil.example/callback', /not a callback address/],
    ['com.example.app:/oauth?command=x', /not a callback address/],
    [`https://app.example/${'x'.repeat(2048)}`, /longer/],
  ];

  it('is taken when it is https, http on loopback, or of a private-use scheme', () => {
    for (const uri of taken) assert.equal(redirectUriProblem(uri, SCHEMES), undefined, uri);
  });

  for (const [uri, problem] of refused)
    it(`is refused, with the reason, when it is ${JSON.stringify(uri.slice(0, 60))}`, () => {
      assert.match(redirectUriProblem(uri, SCHEMES) ?? '', problem);
    });

  it('matches itself and, on http loopback, every port; nothing else that is near it', () => {
    assert.ok(redirectUriMatches('http://127.0.0.1:1/cb', 'http://127.0.0.1:65535/cb'));
    assert.ok(redirectUriMatches('http://localhost/cb', 'http://localhost:3000/cb'));
    for (const [registered, requested] of [
      ['http://127.0.0.1/cb', 'http://localhost/cb'],
      ['http://localhost/cb', 'https://localhost/cb'],
      ['https://localhost:1/cb', 'https://localhost:2/cb'],
      ['http://localhost/cb', 'http://localhost/cb/'],
      ['http://localhost/cb', 'http://localhost:x/cb'],
      ['http://localhost/cb', 'http://localhost:99999/cb'],
      ['http://localhost/cb', 'http://localhost/cb?x'],
      ['https://app.example:8443/cb', 'https://app.example/cb'],
      ['https://app.example/cb', 'https://APP.example/cb'],
    ] as const)
      assert.equal(redirectUriMatches(registered, requested), false, requested);
  });

  it('is of a kind that says who can answer there, and is shown by its host or its scheme', () => {
    const shown = taken.map((uri) => [redirectKind(uri), redirectHost(uri)]);
    assert.deepEqual(shown, [
      ['https', 'app.example'],
      ['loopback', 'localhost'],
      ['loopback', '127.0.0.1:33418'],
      ['loopback', '[::1]:8080'],
      ['app', 'cursor://anysphere.cursor-mcp'],
      ['app', 'com.example.app://'],
      ['app', 'com.example.app://'],
      ['app', 'vscode://vscode.github-authentication'],
    ]);
    assert.equal(redirectKind('https://localhost/cb'), 'loopback');
  });
});
