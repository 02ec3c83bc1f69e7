// The address at an MCP server: the operator's, with the client's query behind it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createTarget } from '../../src/gateway/query.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import { RUNS } from '../oauth/addresses.ts';

const refuses = (target: (query: string) => string, query: string) =>
  assert.throws(
    () => target(query),
    (error) => error instanceof Refusal && error.status === 400 && error.outcome === 'refused',
    query,
  );

describe('the address at an MCP server', () => {
  it("is the operator's, with the client's query behind its own", () => {
    const plain = createTarget('https://mcp.example/mcp/');
    assert.equal(plain(''), '/mcp/');
    assert.equal(plain('a=1&b=%20'), '/mcp/?a=1&b=%20');
    const fixed = createTarget('https://mcp.example/mcp?tenant=a%20b&x');
    assert.equal(fixed(''), '/mcp?tenant=a%20b&x');
    assert.equal(fixed('b=2'), '/mcp?tenant=a%20b&x&b=2');
    assert.equal(createTarget('https://mcp.example')(''), '/');
  });

  it('takes a query with empty parts', () => {
    assert.equal(createTarget('https://mcp.example/?x=1&')('&a=1&&'), '/?x=1&&&a=1&&');
    assert.equal(createTarget('https://mcp.example/')('=1'), '/?=1');
  });

  it('stays on its path, whatever the query', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), (query) => {
        const target = createTarget('https://mcp.example/mcp?tenant=1')(query);
        assert.equal(new URL(target, 'https://mcp.example').pathname, '/mcp');
        assert.ok(target.startsWith('/mcp?tenant=1'));
      }),
      RUNS,
    );
  });

  for (const query of [
    'access_token=x',
    'ACCESS_TOKEN=x',
    'a=1&access_token=x',
    'a=1;access_token=x',
    'access%5Ftoken=x',
    '%61ccess_token',
    'access_token[]=x',
    'access_token%5B0%5D=x',
    '[access_token]=x',
    'access.token=x',
    'access+token=x',
    'access[token=x',
    '+access_token=x',
    'access_token%00x=x',
    'acce%C5%BFs_token=x',
    'access%E2%80%8B_token=x',
    '%EF%BD%81ccess_token=x',
  ])
    it(`has no token in it: ${query}`, () => refuses(createTarget('https://mcp.example/'), query));

  for (const query of [
    'Tenant=2',
    'tenant',
    'tenant[]=2',
    'tenant[a]=2',
    'x=1&te%6Eant=2',
    'tool-sets=all',
    'tool.sets=all',
  ])
    it(`has no second value for what the operator fixed: ${query}`, () =>
      refuses(createTarget('https://mcp.example/?tenant=1&tool_sets=issues'), query));

  for (const query of ['%', '%zz=1', '%C3=1', '%u0061ccess_token=x'])
    it(`is not made of a query whose names are encoded badly: ${query}`, () =>
      refuses(createTarget('https://mcp.example/'), query));

  it('may have other names, and any value', () => {
    const target = createTarget('https://mcp.example/?tenant=1');
    for (const query of ['tenants=1', 'filter[tenant]=1', 'x=%', 'x=access_token', 'token=1', 'x=%FF'])
      assert.equal(target(query), `/?tenant=1&${query}`);
  });
});
