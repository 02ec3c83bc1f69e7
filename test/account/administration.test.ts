// The administrators' page: people in pages, found by login, id and client; all sessions of one end, and people are blocked.
// That only administrators see it, and the forms of one session, is in pages.test.ts; in a browser in test/browser/account.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { credential, liveSession } from '../../src/store/conformance/fixtures.ts';
import { createAgent } from '../support/agent.ts';
import { useBridge } from '../support/bridge.ts';
import { callTool, connect, passGithub } from '../support/oauth.ts';
import { beginSignIn, signIn } from './sign-in.ts';

describe('the administrators’ page', () => {
  const bridge = useBridge({ store: 'sqlite', env: { ADMIN_GITHUB_USERS: 'monalisa' } });
  const page = '/account/sessions';
  const open = async (query = '') => {
    const { browser } = await signIn(bridge, 'monalisa');
    return { browser, page: await browser.get(`${bridge.url}${page}${query}`) };
  };
  const isAlive = async ({ tokens }: Awaited<ReturnType<typeof connect>>) =>
    (await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status === 200;
  const idOf = (login: string) => bridge.github.account(login).id;
  /** Twenty-five people, in the order of their logins. */
  const fill = async () => {
    for (let index = 10; index < 35; index++)
      await liveSession(bridge.store, bridge.bridge.personTag(index), `grant-${index}`.padEnd(16, '-'), {
        credential: { ...credential, account: { id: index, login: `many-${index}` } },
      });
  };
  const shownIn = (html: string) => [...html.matchAll(/many-(\d\d)</g)].map(([, index]) => Number(index));

  it('shows twenty people, leads to the next, and says how many there are', async () => {
    await fill();
    const { browser, page: first } = await open('?query=many-');
    assert.deepEqual(
      shownIn(first.html),
      Array.from({ length: 20 }, (_, index) => 10 + index),
    );
    assert.match(first.text, /Connections: about 25/);
    const [, next = ''] = /<a href="([^"]+)" rel="next">/.exec(first.html) ?? [];
    const second = await browser.get(`${bridge.url}${next.replaceAll('&amp;', '&')}`);
    assert.deepEqual(shownIn(second.html), [30, 31, 32, 33, 34]);
    assert.doesNotMatch(second.html, /rel="next"/);
    for (const after of ['nonsense', 'login:', 'app:x', '%00'])
      assert.equal((await browser.get(`${bridge.url}${page}?after=${after}`)).status, 200, after);
  });

  it('sorts, and keeps the order and the search in what it leads to', async () => {
    const { page: sorted } = await open('?query=many&sort=created');
    assert.match(sorted.html, /<option value="created" selected>/);
    assert.match(sorted.html, /name="sort" value="created"/);
    assert.match(sorted.html, /after=login%3A[^"]+" rel="next"/);
    assert.match(sorted.html, /query=many&amp;sort=created&amp;after/);
  });

  it('finds a person by the id, and people by an app', async () => {
    await connect(bridge.url, { login: 'hubot', metadata: { client_name: 'Rare editor' } });
    await connect(bridge.url, { login: 'hubot', metadata: { client_name: 'Another' } });
    const byId = (await open(`?query=id:${idOf('hubot')}`)).page;
    assert.ok(byId.text.includes('Rare editor') && byId.text.includes('Another'));
    for (const query of ['client:RARE', 'rare ed']) {
      const found = (await open(`?query=${encodeURIComponent(query)}`)).page;
      assert.ok(found.text.includes('Rare editor') && !found.text.includes('Another'), query);
    }
  });

  it('ends all sessions of a person, and nobody else’s', async () => {
    const [one, other] = [await connect(bridge.url, { login: 'hubot' }), await connect(bridge.url, { login: 'hubot' })];
    const bystander = await connect(bridge.url, { login: 'octocat' });
    const { browser, page: found } = await open('?query=hubot');
    const answer = await browser.submit(found.form('/account/sessions/end-all'));
    assert.equal(answer.location?.href, `${bridge.url}/account/sessions?query=hubot&notice=ended_all`);
    assert.deepEqual([await isAlive(one), await isAlive(other), await isAlive(bystander)], [false, false, true]);
    const { reason, by } = bridge.eventsOf('grant.ended').at(-1) ?? {};
    assert.deepEqual({ reason, by }, { reason: 'administrator', by: 'administrator' });
  });

  it('blocks a person, whose sessions end and who cannot log in or sign in, until unblocked', async () => {
    const session = await connect(bridge.url, { login: 'hubot' });
    const { browser, page: found } = await open('?query=hubot');
    await browser.submit(found.form('/account/sessions/block'), { fields: { reason: ' Left the <company> ' } });
    assert.equal(await isAlive(session), false);
    assert.partialDeepStrictEqual(bridge.eventsOf('person.blocked').at(-1), {
      githubId: idOf('hubot'),
      githubLogin: 'hubot',
      reason: 'Left the <company>',
      by: 'administrator',
    });
    await assert.rejects(connect(bridge.url, { login: 'hubot' }));
    const refused = bridge.eventsOf('login.failed').at(-1);
    assert.deepEqual([refused?.error, refused?.githubLogin], ['access_denied', 'hubot']);
    const stranger = createAgent();
    const back = await passGithub(stranger, await beginSignIn(bridge, stranger), 'hubot');
    assert.match((await stranger.followAll(back)).text, /This account may not sign in here/);
    await bridge.bridge.revocations.idle();
    assert.deepEqual(
      bridge.github.liveTokens().filter(({ login }) => login === 'hubot'),
      [],
      'GitHub’s tokens of the refused logins are revoked',
    );

    const blocked = await browser.get(`${bridge.url}/account/sessions?show=blocked`);
    assert.match(blocked.text, /hubot[\s\S]*Blocked[\s\S]*Left the <company>/);
    const answer = await browser.submit(blocked.form('/account/sessions/unblock'));
    assert.equal(answer.location?.href, `${bridge.url}/account/sessions?show=blocked&notice=unblocked`);
    assert.match((await browser.get(answer.location?.href ?? '')).text, /Nobody is blocked/);
    assert.ok(await isAlive(await connect(bridge.url, { login: 'hubot' })));
    assert.equal(bridge.eventsOf('person.unblocked').length, 1);
  });

  it('blocks a person who was never here, by the id', async () => {
    const { browser, page: unknown } = await open('?query=id:424242');
    await browser.submit(unknown.form('/account/sessions/block'));
    assert.equal((await bridge.store.blocks.read(bridge.bridge.personTag(424242)))?.githubId, 424242);
    for (const query of ['?query=id:424242', '?show=blocked'])
      assert.match((await browser.get(`${bridge.url}${page}${query}`)).text, /id 424242[\s\S]*Blocked/, query);
  });

  it('does not let administrators block themselves, and a blocked administrator is none', async () => {
    await connect(bridge.url, { login: 'monalisa' });
    const { browser, page: own } = await open('?query=monalisa');
    assert.doesNotMatch(own.html, /sessions\/block"/);
    const form = own.form('/account/sessions/end-all');
    const block = { ...form, action: new URL('/account/sessions/block', bridge.url) };
    assert.match((await browser.submit(block)).location?.href ?? '', /notice=not_yourself/);
    const tag = bridge.bridge.personTag(idOf('monalisa'));
    assert.equal(await bridge.store.blocks.read(tag), undefined);
    await bridge.store.blocks.add({ person: tag, githubId: idOf('monalisa') });
    assert.equal((await browser.get(`${bridge.url}${page}`)).status, 404);
    assert.equal((await browser.submit(form)).status, 404);
    await bridge.store.blocks.remove(tag);
  });

  it('takes no form from another site, without its CSRF value, without an id, or of somebody else', async () => {
    const session = await connect(bridge.url, { login: 'octocat' });
    const { browser, page: found } = await open('?query=octocat');
    const stranger = await signIn(bridge, 'octocat');
    for (const path of ['end-all', 'block', 'unblock']) {
      const form = {
        ...found.form('/account/sessions/end-all'),
        action: new URL(`/account/sessions/${path}`, bridge.url),
      };
      const cross = await browser.submit(form, { headers: { 'sec-fetch-site': 'cross-site' } });
      assert.equal(cross.status, 403, path);
      assert.equal((await browser.submit(form, { fields: { csrf: 'x' } })).status, 403, path);
      for (const id of ['', '0', '-1', 'octocat'])
        assert.equal((await browser.submit(form, { fields: { id } })).status, 400, `${path} ${id}`);
      const own = stranger.page.form('/account/disconnect-all');
      assert.equal((await stranger.browser.submit({ ...own, action: form.action })).status, 404, path);
    }
    assert.equal(await isAlive(session), true);
  });
});
