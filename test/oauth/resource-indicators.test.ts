// Resource indicators: the built-in resource has three names and one audience, each of RESOURCES is its own, and a token
// is good for one of them only (RFC 8707 section 2).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createResources } from '../../src/oauth/resource-indicators.ts';
import { OAuthError } from '../../src/protocol/oauth-error.ts';
import { spaceSeparated } from '../../src/protocol/parameters.ts';
import { address, RUNS } from './addresses.ts';

describe('resources, whatever is asked for', () => {
  const ISSUER = 'https://bridge.example';
  const OTHER = 'https://other.example/mcp';
  const resources = createResources({ publicUrl: ISSUER, scopes: ['read:user'], upstreams: [], others: [OTHER] });
  const resolve = (parameter: string): string | undefined => {
    try {
      return resources.resolve(parameter).audience;
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
        assert.ok(resources.find(audience) !== undefined);
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

describe('a resource parameter', () => {
  const ISSUER = 'https://bridge.example';
  const OTHER = 'https://other.example/mcp';
  const resources = createResources({ publicUrl: ISSUER, scopes: ['read:user'], upstreams: [], others: [OTHER] });
  const resolve = (parameter: string | undefined) => resources.resolve(parameter).audience;
  const refused = (parameter: string, description: RegExp) =>
    assert.throws(
      () => resources.resolve(parameter),
      (error) => error instanceof OAuthError && error.code === 'invalid_target' && description.test(error.description),
      parameter,
    );

  it('is the built-in resource when it is absent, and under each of its names, as clients really write them', () => {
    assert.equal(resources.default.audience, `${ISSUER}/mcp`);
    for (const name of [undefined, ISSUER, `${ISSUER}/`, `${ISSUER}/mcp`, `${ISSUER}/mcp/`, `${ISSUER}/sse`])
      assert.equal(resolve(name), `${ISSUER}/mcp`, name);
    assert.equal(resolve('HTTPS://BRIDGE.EXAMPLE:443/mcp?x=y'), `${ISSUER}/mcp`);
    assert.equal(resolve(`${ISSUER} ${ISSUER}/sse`), `${ISSUER}/mcp`, 'two names of one resource');
  });

  it('is another resource as RESOURCES spells it', () => {
    assert.equal(resolve('https://OTHER.example/mcp/'), OTHER);
    assert.deepEqual(
      resources.all.map(({ audience }) => audience),
      [`${ISSUER}/mcp`, OTHER],
    );
  });

  it('is refused when it names no resource, or several', () => {
    for (const stranger of ['https://stranger.example', `${ISSUER}/MCP`, `${OTHER}#x`, 'mcp', `${ISSUER}:444/mcp`])
      refused(stranger, /issues no tokens/);
    refused(`${ISSUER}/mcp ${OTHER}`, /one resource only/);
    refused(`${ISSUER}/mcp https://stranger.example`, /one resource only/);
  });
});
