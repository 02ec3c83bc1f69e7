// Which web pages may call which routes. test/threats/hosts-and-origins.test.ts has the attacks (threat 18).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Koa from 'koa';
import { createOriginRule, crossOrigin, type OriginAccess } from '../../src/security/origins.ts';
import { type Listening, listen } from '../support/listen.ts';

const PUBLIC = 'https://bridge.example';
const LOCAL = 'http://localhost:8000';

describe('the origins that may use the endpoints for clients', () => {
  const allowed = (rule: ReturnType<typeof createOriginRule>, origins: readonly string[]) =>
    origins.filter((origin) => rule.allows(origin));
  const ORIGINS = [
    PUBLIC,
    LOCAL,
    'https://app.example',
    'http://app.example',
    'http://127.0.0.1:5173',
    'https://[::1]',
  ];
  const NONE = ['null', '', 'localhost', 'file://', 'ftp://localhost', 'https:', '*'];

  it('are all https origins for a public bridge', () => {
    const rule = createOriginRule(PUBLIC, false, undefined);
    assert.deepEqual(allowed(rule, [...ORIGINS, ...NONE]), [PUBLIC, 'https://app.example', 'https://[::1]']);
  });

  it('are all loopback origins for a bridge on a loopback address', () => {
    const rule = createOriginRule(LOCAL, true, undefined);
    assert.deepEqual(allowed(rule, [...ORIGINS, ...NONE]), [LOCAL, 'http://127.0.0.1:5173', 'https://[::1]']);
  });

  it('are those of ALLOWED_ORIGINS and its own where that is set', () => {
    const rule = createOriginRule(PUBLIC, false, ['http://app.example']);
    assert.deepEqual(allowed(rule, [...ORIGINS, ...NONE]), [PUBLIC, 'http://app.example']);
    assert.deepEqual(allowed(createOriginRule(PUBLIC, false, []), [...ORIGINS, ...NONE]), [PUBLIC]);
  });
});

describe('the answer to a page of another origin', () => {
  let server: Listening;
  before(async () => {
    const app = new Koa();
    app.use(crossOrigin(createOriginRule(PUBLIC, false, undefined), (path) => path.slice(1) as OriginAccess));
    app.use((ctx) => {
      ctx.body = 'x';
    });
    server = await listen(app.callback());
  });
  after(() => server.close());

  /** The origin that may read the answer, as its header says. */
  async function readableBy(access: OriginAccess, origin: string, method = 'GET'): Promise<string | null> {
    const headers = { origin, 'access-control-request-method': 'POST' };
    const answer = await fetch(`${server.url}/${access}`, { method, headers });
    assert.equal(answer.headers.get('access-control-allow-credentials'), null);
    return answer.headers.get('access-control-allow-origin');
  }

  for (const method of ['GET', 'OPTIONS'])
    it(`may be read by any page, an allowed one, or none, as the route says: ${method}`, async () => {
      assert.equal(await readableBy('any', 'http://evil.example', method), '*');
      assert.equal(await readableBy('allowed', 'https://app.example', method), 'https://app.example');
      assert.equal(await readableBy('allowed', 'http://evil.example', method), null);
      assert.equal(await readableBy('own', 'https://app.example', method), null);
    });
});
