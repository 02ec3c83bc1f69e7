// Cookies of the bridge, some with sealed values. test/threats/hosts-and-origins.test.ts has the attacks (threat 18), and
// test/threats/secrets-at-rest.test.ts what a thief of a cookie gets (threat 9).
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import Koa from 'koa';
import { type Cookies, createCookies } from '../../src/security/cookies.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import { listen } from '../support/listen.ts';

const secrets = createSecrets(['a test secret that is long enough and no secret at all']);
let time = 1_800_000_000;
const [https, loopback] = [true, false].map((secure) => createCookies(secure, secrets, () => time)) as [
  Cookies,
  Cookies,
];
const STRICT = { sameSite: 'strict', maxAge: 60 } as const;

/** Sends one request over a plain connection. @returns the result of `work`, and the cookies that the answer sets */
async function request<T>(
  t: TestContext,
  work: (ctx: Koa.Context) => T,
  cookie = '',
): Promise<{ result: T; set: string[] }> {
  const results: T[] = [];
  const app = new Koa().use((ctx) => {
    results.push(work(ctx));
    ctx.status = 204;
  });
  const server = await listen(app.callback());
  t.after(() => server.close());
  const { headers } = await fetch(server.url, { headers: { cookie } });
  assert.equal(results.length, 1);
  return { result: results[0] as T, set: headers.getSetCookie() };
}
/** `name=value` of the cookie that an answer sets. */
const pair = (set: readonly string[]) => set[0]?.split(';')[0] ?? '';
/** The attributes of the cookie that an answer sets, in lower case. */
const attributes = (set: readonly string[]) =>
  (set[0] ?? '')
    .split(';')
    .slice(1)
    .map((each) => each.trim().toLowerCase())
    .sort();

describe('a cookie', () => {
  it('of an https address is __Host- and Secure, although the connection behind the proxy is plain', async (t) => {
    const { set } = await request(t, (ctx) => https.set(ctx, 'login', 'value', STRICT));
    assert.equal(pair(set), '__Host-login=value');
    const [expires = '', ...rest] = attributes(set);
    assert.match(expires, /^expires=/);
    assert.deepEqual(rest, ['httponly', 'path=/', 'samesite=strict', 'secure']);
  });

  it('of a loopback address has a plain name and is not Secure', async (t) => {
    const { set } = await request(t, (ctx) => loopback.set(ctx, 'login', 'value', { sameSite: 'lax', maxAge: 60 }));
    assert.equal(pair(set), 'bridge-login=value');
    assert.deepEqual(attributes(set).slice(1), ['httponly', 'path=/', 'samesite=lax']);
  });

  it('is read by its exact name', async (t) => {
    const read = (cookie: string) => request(t, (ctx) => https.get(ctx, 'login'), cookie);
    assert.equal((await read('a=1; __Host-login=value; b=2')).result, 'value');
    assert.equal((await read('__Host-login="value"')).result, 'value');
    assert.equal((await read('__Host-login=a=b')).result, 'a=b');
    for (const other of [
      '',
      'login=value',
      'bridge-login=value',
      'x__Host-login=value',
      '__Host-login2=value',
      '__Host-login',
    ])
      assert.equal((await read(other)).result, undefined, other);
  });

  it('is cleared by a date in the past', async (t) => {
    const { set } = await request(t, (ctx) => https.clear(ctx, 'login'));
    assert.equal(pair(set), '__Host-login=');
    assert.match(attributes(set)[0] ?? '', /^expires=thu, 01 jan 1970/);
  });
});

describe('a sealed cookie', () => {
  const seal = async (t: TestContext, name = 'login') =>
    pair((await request(t, (ctx) => https.setSealed(ctx, name, 'two words', STRICT))).set);
  const open = async (t: TestContext, cookie: string, name = 'login') =>
    (await request(t, (ctx) => https.getSealed(ctx, name), cookie)).result;

  it('opens as what was put in, and shows nothing of it', async (t) => {
    const cookie = await seal(t);
    assert.ok(!decodeURIComponent(cookie).includes('two words'));
    assert.equal(await open(t, cookie), 'two words');
  });

  it('opens until its time is over, even in a browser that keeps it longer', async (t) => {
    const cookie = await seal(t);
    time += 59;
    assert.equal(await open(t, cookie), 'two words');
    time += 1;
    assert.equal(await open(t, cookie), undefined);
  });

  it('does not open under another name, changed, or made up', async (t) => {
    const cookie = await seal(t);
    assert.equal(await open(t, cookie.replace('login', 'account'), 'account'), undefined);
    assert.equal(
      await open(
        t,
        cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      ),
      undefined,
    );
    assert.equal(await open(t, '__Host-login=9999999999 two words'), undefined);
    assert.equal(await open(t, ''), undefined);
  });
});
