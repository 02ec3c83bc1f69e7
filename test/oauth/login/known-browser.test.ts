// The cookie by which a browser is known: who logged in last, and which clients that person connected (design decisions 11
// and 14).
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { createKnownBrowsers } from '../../../src/oauth/login/known-browser.ts';
import { createCookies } from '../../../src/security/cookies.ts';
import { createSecrets } from '../../../src/security/secrets.ts';
import { useApp } from '../../protocol/use-app.ts';
import { type Agent, createAgent } from '../../support/agent.ts';

const SECRETS = createSecrets(['a test secret that is long enough and no secret at all']);
const DAY = 86_400;

describe('a known browser', () => {
  let time = 1_800_000_000;
  const browsers = createKnownBrowsers(createCookies(false, SECRETS, () => time));
  const url = useApp((ctx) => {
    const [person = '', clientId = '', port = '1'] = ctx.path.split('/').slice(2);
    const connection = { clientId, redirectUri: `http://localhost:${port}/cb` };
    if (ctx.path.startsWith('/finish/')) browsers.finish(ctx, person, clientId);
    if (ctx.path.startsWith('/connect/')) browsers.remember(ctx, person, connection);
    if (ctx.path.startsWith('/finished/')) {
      ctx.body = { as: browsers.finishedAs(ctx, person) ?? null };
      return;
    }
    ctx.body = { person: browsers.person(ctx) ?? '', connected: browsers.hasConnected(ctx, person, connection) };
  });
  let browser: Agent;
  beforeEach(() => {
    browser = createAgent();
  });
  const connect = (...names: string[]) => browser.get(`${url()}/connect/${names.join('/')}`);
  const asked = async (...names: string[]) => (await browser.get(`${url()}/ask/${names.join('/')}`)).json();

  it('knows the latest ten logins that succeeded in it, of one person', async () => {
    const ids = Array.from({ length: 11 }, (_, index) => `id${index}`);
    const finished = async (id: string) => (await browser.get(`${url()}/finished/${id}`)).json();
    for (const id of ids) await browser.get(`${url()}/finish/${id}/octocat`);
    assert.deepEqual(await Promise.all(['id0', 'id1', 'id10', 'id'].map(finished)), [
      { as: null },
      { as: 'octocat' },
      { as: 'octocat' },
      { as: null },
    ]);
    await browser.get(`${url()}/finish/other/hubot`);
    assert.deepEqual(await Promise.all(['id10', 'other'].map(finished)), [{ as: null }, { as: 'hubot' }]);
    time += 900;
    assert.deepEqual(await finished('other'), { as: null });
  });

  it('is not known before anybody logged in', async () => {
    assert.deepEqual(await asked('ann', 'app'), { person: '', connected: false });
  });

  it('knows the person and the clients that this person connected, at the same redirect URI', async () => {
    await connect('ann', 'app');
    await connect('ann', 'other');
    for (const client of ['app', 'other'])
      assert.deepEqual(await asked('ann', client), { person: 'ann', connected: true });
    for (const names of [
      ['ann', 'third'],
      ['ann', 'app', '2'],
      ['bob', 'app'],
    ])
      assert.deepEqual(await asked(...names), { person: 'ann', connected: false }, names.join(' '));
  });

  it('is another person’s after that person logged in', async () => {
    await connect('ann', 'app');
    await connect('bob', 'other');
    assert.deepEqual(await asked('bob', 'other'), { person: 'bob', connected: true });
    assert.deepEqual(await asked('ann', 'app'), { person: 'bob', connected: false });
  });

  it('is known by the fifty clients that were connected last, in a cookie that browsers keep, for 90 days', async () => {
    for (let count = 0; count < 51; count++)
      await connect('a-tag-of-a-person-of-43-characters-or-so-000', String(count));
    const person = 'a-tag-of-a-person-of-43-characters-or-so-000';
    assert.deepEqual(await asked(person, '0'), { person, connected: false });
    for (const client of ['1', '50']) assert.deepEqual(await asked(person, client), { person, connected: true });
    const [cookie] = browser.jar.all();
    assert.ok(`${cookie?.name}=${cookie?.value}`.length < 2048);
    time += 90 * DAY;
    assert.deepEqual(await asked(person, '50'), { person: '', connected: false });
  });
});
