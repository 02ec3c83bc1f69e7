// The rules on which redirects, resources, scopes and parameters stand, for whatever input.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { githubScopes } from '../../src/github/scopes.ts';
import { redirectUriMatches, redirectUriProblem } from '../../src/oauth/clients/redirect-uri.ts';
import { createResources } from '../../src/oauth/resource-indicators.ts';
import { effectiveScope, OPENID_SCOPES, requestedScope, upstreamScope } from '../../src/oauth/scope.ts';
import { OAuthError } from '../../src/protocol/oauth-error.ts';
import { parseParameters, spaceSeparated } from '../../src/protocol/parameters.ts';
import { DANGEROUS_SCHEMES } from '../../src/security/schemes.ts';

const SCHEMES = ['cursor', 'vscode'];
const RUNS = { numRuns: 2000 };

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.constantFrom('localhost', '127.0.0.1', '127.9.9.9', '[::1]', 'localhost.evil.com'),
);
const port = fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: undefined });
const path = fc.webPath();
/** Addresses as attackers write them: mostly an address, with something in it that should not be. */
const address = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.webUrl({ validSchemes: ['http', 'https'], withQueryParameters: true, withFragments: true }),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom('http', 'https', 'HTTP', 'cursor', 'com.example.app', 'javascript', 'data', 'file', 'x'),
        fc.constantFrom('://', ':', ':/', ':///', '://user@', '://@', '://a:b@', '//', ''),
        host,
        port,
        path,
        fc.constantFrom(
          '',
          '?',
          '?a=b',
          '#',
          '#x',
          '/..',
          '/%2e%2e/x',
          '\\@evil.com',
          '*',
          ' ',
          '\n',
          '\u202e',
          '%00',
          '@evil.com',
        ),
      )
      .map(
        ([scheme, slashes, name, at, rest, tail]) =>
          `${scheme}${slashes}${name}${at === undefined ? '' : `:${at}`}${rest}${tail}`,
      ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

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

describe('resources, whatever is asked for', () => {
  const ISSUER = 'https://bridge.example';
  const OTHER = 'https://other.example/mcp';
  const resources = createResources(ISSUER, [OTHER]);
  const resolve = (parameter: string): string | undefined => {
    try {
      return resources.resolve(parameter);
    } catch (error) {
      assert.ok(error instanceof OAuthError && error.code === 'invalid_target', String(error));
      return undefined;
    }
  };
  const named = fc.oneof(
    address,
    fc
      .tuple(
        fc.constantFrom(
          ISSUER,
          ISSUER.toUpperCase(),
          OTHER,
          'https://bridge.example.evil.com',
          'http://bridge.example',
        ),
        fc.constantFrom(
          '',
          '/',
          '/mcp',
          '/mcp/',
          '/mcp//',
          '/MCP',
          '/sse',
          '/mcp/x',
          '/..',
          '/%6dcp',
          ':443',
          ':444/mcp',
        ),
        fc.constantFrom('', '?', '?x=y', '#', '#x', ' ', ` ${OTHER}`, ` ${ISSUER}`),
      )
      .map((parts) => parts.join('')),
  );

  it('#10 what is resolved is a resource of this server: its origin and path are those asked for', () => {
    fc.assert(
      fc.property(named, (parameter) => {
        const audience = resolve(parameter);
        if (audience === undefined) return;
        assert.ok(resources.all.includes(audience));
        for (const word of spaceSeparated(parameter)) {
          const url = new URL(word);
          assert.equal(url.origin, new URL(audience).origin);
          assert.equal(url.username + url.password, '');
          const names = audience === OTHER ? ['/mcp'] : ['', '/mcp', '/sse'];
          assert.ok(names.includes(url.pathname.replace(/\/+$/, '')), word);
        }
      }),
      RUNS,
    );
  });

  it('#10 several resources are one only if they name the same', () => {
    fc.assert(
      fc.property(named, named, (one, other) => {
        const [first, second, both] = [resolve(one), resolve(other), resolve(`${one} ${other}`)];
        if (both !== undefined && spaceSeparated(one).length > 0 && spaceSeparated(other).length > 0) {
          assert.equal(first, both);
          assert.equal(second, both);
        }
      }),
      RUNS,
    );
  });
});

describe("scopes, in GitHub's hierarchy", () => {
  const language = githubScopes(['read:user']);
  const known = [
    'repo',
    'public_repo',
    'repo:status',
    'user',
    'read:user',
    'user:email',
    'admin:org',
    'write:org',
    'read:org',
  ].concat(['admin:repo_hook', 'read:repo_hook', 'gist', 'workflow', 'project', 'read:project', 'delete_repo']);
  const scope = fc.constantFrom(...known);
  const scopes = fc.uniqueArray(scope);
  const asked = fc.array(fc.oneof(scope, fc.constantFrom(...OPENID_SCOPES.keys()), fc.string({ unit: 'binary' })));

  it('#19 each covers itself; what covers a wider one covers the narrower; more grants cover no less', () => {
    fc.assert(
      fc.property(scope, scope, scope, scopes, (a, b, c, more) => {
        assert.equal(language.covers([a], a), true);
        if (language.covers([a], b) && language.covers([b], c)) assert.equal(language.covers([a], c), true);
        if (language.covers([a], b)) assert.equal(language.covers([...more, a], b), true);
        if (a !== b && language.covers([a], b)) assert.equal(language.covers([b], a), false);
        assert.equal(language.covers([], a), false);
      }),
      RUNS,
    );
  });

  it('#19 a token says no more than was asked for, known, and granted', () => {
    fc.assert(
      fc.property(asked, scopes, scopes, (parameter, granted, policy) => {
        const requested = requestedScope(language, parameter.join(' '));
        for (const one of requested) assert.ok(OPENID_SCOPES.has(one) || known.includes(one), one);
        assert.equal(new Set(requested).size, requested.length);
        const effective = effectiveScope(language, requested, granted);
        for (const one of effective) {
          assert.ok(requested.includes(one));
          const needed = OPENID_SCOPES.has(one) ? OPENID_SCOPES.get(one) : one;
          if (needed !== undefined) assert.equal(language.covers(granted, needed), true, one);
        }
        assert.deepEqual(effectiveScope(language, effective, granted), effective);
        const upstream = upstreamScope({ scopes: language, policyScope: policy }, requested);
        assert.equal(language.covers(upstream, 'read:user'), true);
        for (const one of upstream) assert.equal(OPENID_SCOPES.has(one), false);
      }),
      RUNS,
    );
  });
});

describe('parameters, whatever is sent', () => {
  const parse = (encoded: string) => {
    try {
      return parseParameters(encoded);
    } catch (error) {
      assert.ok(error instanceof OAuthError && error.code === 'invalid_request', String(error));
      // RFC 6749 section 5.2 limits what a description may hold.
      assert.match(error.description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      return undefined;
    }
  };

  it('#22 any text is read or refused as an invalid request', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (encoded) => {
        const parameters = parse(encoded);
        for (const value of parameters?.values() ?? []) {
          assert.notEqual(value, '');
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
          assert.doesNotMatch(value, /[\x00-\x1f\x7f]/);
        }
      }),
      RUNS,
    );
  });

  it('#8 what is sent once is read as it is, what is sent twice is refused, a resource excepted', () => {
    const name = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((text) => text.isWellFormed() && text !== 'resource');
    const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter((value) => value.isWellFormed());
    fc.assert(
      fc.property(fc.dictionary(name, text), name, text, text, (sent, repeated, one, other) => {
        const form = new URLSearchParams(sent);
        assert.deepEqual(Object.fromEntries(parse(form.toString()) ?? []), { ...sent });
        const twice = new URLSearchParams([
          [repeated, one],
          [repeated, other],
        ]);
        assert.equal(parse(twice.toString()), undefined);
        const resource = parse(`resource=${encodeURIComponent(one)}&resource=${encodeURIComponent(other)}`);
        assert.equal(resource?.get('resource'), `${one} ${other}`);
      }),
      RUNS,
    );
  });
});
