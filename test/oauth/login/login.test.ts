// A login: one record from the consent page to GitHub and back; each step is taken once, by the browser that took the one
// before, in its time (design decision 11, RFC 9700 section 4.7). Races and attackers are in
// test/threats/browser-binding.test.ts, the person's view of it in test/browser/login.test.ts.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Agent, createAgent, type Page } from '../../support/agent.ts';
import { useBridge } from '../../support/bridge.ts';
import { authorizationUrl, passGithub, pkce, register, returnToClient, type TestClient } from '../../support/oauth.ts';

const REDIRECT_URI = 'https://app.example/callback';
const QUARTER = 901; // seconds: a quarter of an hour, and one more

describe('a login', () => {
  const bridge = useBridge({ store: 'sqlite' });
  let client: TestClient;
  before(async () => {
    client = await register(bridge.url, { redirect_uris: [REDIRECT_URI] });
  });

  const begin = async (browser: Agent, parameters: Record<string, string> = {}) =>
    (await browser.get(authorizationUrl(bridge.url, client, pkce().challenge, parameters))).form('/consent');
  const allow = async (browser: Agent) => browser.submit(await begin(browser), { button: 'allow' });
  const backFromGithub = async (browser: Agent) => passGithub(browser, await allow(browser), 'octocat');

  function assertRefused(page: Page, said: RegExp): void {
    assert.equal(page.status, 400);
    assert.equal(page.location, undefined);
    assert.match(page.text, said);
  }

  it('goes to GitHub with a state and a challenge of its own, different for each login', async () => {
    const [one, other] = [await allow(createAgent()), await allow(createAgent())];
    for (const name of ['state', 'code_challenge']) {
      const values = [one, other].map(({ location }) => location?.searchParams.get(name) ?? '');
      assert.ok(values.every((value) => value.length >= 43));
      assert.notEqual(values[0], values[1]);
    }
    assert.equal(one.location?.searchParams.get('code_challenge_method'), 'S256');
  });

  it('is taken back from GitHub once', async () => {
    const browser = createAgent();
    const back = await backFromGithub(browser);
    const answer = await returnToClient(browser, back);
    assert.match(answer.location?.search ?? '', /[?&]code=mgc_/);
    assertRefused(await browser.follow(back), /was answered before/);
  });

  it('goes on in the browser that was shown the page, and in no other', async () => {
    const browser = createAgent();
    const form = await begin(browser);
    assertRefused(await createAgent().submit(form, { button: 'allow' }), /sent no cookie with the form/);
    const other = createAgent();
    await begin(other);
    assertRefused(await other.submit(form, { button: 'allow' }), /begun in another browser/);
    const back = await passGithub(browser, await browser.submit(form, { button: 'allow' }), 'octocat');
    assertRefused(await createAgent().follow(back), /begun in another browser/);
    assert.match(
      (await returnToClient(browser, back)).location?.search ?? '',
      /[?&]code=mgc_/,
      'strangers change nothing',
    );
  });

  it('leads to the same place on a second click on Allow, and nowhere after Cancel', async () => {
    const browser = createAgent();
    const form = await begin(browser);
    const first = await browser.submit(form, { button: 'allow' });
    const second = await browser.submit(form, { button: 'allow' });
    assert.equal(second.location?.href, first.location?.href);
    assert.equal((await browser.submit(form, { button: 'deny' })).location, undefined, 'it was allowed before');
    const declined = await begin(browser);
    await browser.submit(declined, { button: 'deny' });
    assertRefused(await browser.submit(declined, { button: 'allow' }), /over or was answered before/);
  });

  it('waits a quarter of an hour at the consent page, and another at GitHub', async () => {
    const browser = createAgent();
    const late = await begin(browser);
    bridge.advance(QUARTER);
    assertRefused(await browser.submit(late, { button: 'allow' }), /over or was answered before|another browser/);

    const form = await begin(browser);
    bridge.advance(QUARTER - 5);
    const toGithub = await browser.submit(form, { button: 'allow' });
    assert.equal(toGithub.status, 303);
    const back = await passGithub(browser, toGithub, 'octocat');
    bridge.advance(QUARTER);
    assertRefused(await browser.follow(back), /over or was answered before|another browser/);
  });

  it('leaves no cookie of its own when it is over, and remembers who was here and what succeeded, sealed', async () => {
    const browser = createAgent();
    await returnToClient(browser, await backFromGithub(browser));
    const cookies = browser.jar.all().filter(({ domain }) => domain === new URL(bridge.url).hostname);
    // But for five minutes the one with which a second click on Connect gets the same answer.
    const ours = cookies.filter(({ name }) => /^bridge-(?!connect-)/.test(name));
    assert.deepEqual(
      ours.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite })),
      ['bridge-person', 'bridge-finished'].map((name) => ({ name, httpOnly: true, sameSite: 'lax' })),
    );
    const { person } = bridge.eventsOf('login.completed').at(-1) ?? {};
    assert.equal(ours[0]?.value.includes(person ?? ''), false);
  });
});
