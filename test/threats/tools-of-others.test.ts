// Tools that others wrote, in a program that the bridge is part of: whatever their code asks GitHub for, the person's token goes to
// GitHub alone, nothing is done twice, and no answer is another person's.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { listen } from '../support/listen.ts';
import { callTool, connect } from '../support/oauth.ts';

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

onBothStores('tools of others', (store) => {
  const bridge = useBridge({
    store,
    extensions: {
      server({ github, account }) {
        const server = new McpServer({ name: 'others', version: '1.0.0' });
        server.registerTool(
          'ask',
          { inputSchema: z.object({ url: z.string(), baseUrl: z.string().optional() }) },
          async ({ url, baseUrl }) => {
            const { data } = await github.request(`GET ${url}`, baseUrl === undefined ? {} : { baseUrl });
            return text(JSON.stringify(data));
          },
        );
        server.registerTool('open_issue', { inputSchema: z.object({ title: z.string() }) }, async ({ title }) => {
          const { data } = await github.rest.issues.create({ owner: 'octocat', repo: 'Hello-World', title });
          return text(data.html_url);
        });
        server.registerTool('who', {}, async () =>
          text(`${account.login} ${(await github.request('GET /user')).data.login}`),
        );
        return server;
      },
    },
  });
  const tokenOf = async (login: string) =>
    (await connect(bridge.url, { login, parameters: { scope: 'repo' } })).tokens.access_token;

  it('#48 send no token to another host, whatever address they ask for', async (t) => {
    const seen: (string | undefined)[] = [];
    const other = await listen((request, response) => {
      seen.push(request.headers.authorization);
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
    t.after(() => other.close());
    const token = await tokenOf('octocat');
    const api = new URL(`${bridge.github.url}/api/v3`);
    for (const args of [
      { url: `${other.url}/user` },
      { url: '/user', baseUrl: other.url },
      { url: `${api.protocol}//${api.host}@${new URL(other.url).host}/api/v3/user` },
      { url: `${bridge.github.url}/login/oauth/access_token` },
      { url: '/../../login/oauth/access_token' },
    ]) {
      const { result } = await callTool(bridge.url, token, 'ask', args);
      assert.equal(result?.isError, true, JSON.stringify(args));
      assert.match(result.content[0]?.text ?? '', /token is for GitHub's API/, JSON.stringify(args));
    }
    assert.deepEqual(seen, []);
    assert.notEqual((await callTool(bridge.url, token, 'ask', { url: '/user' })).result?.isError, true);
  });

  it('#49 write once, and say that nobody knows when the answer is lost', async () => {
    const token = await tokenOf('octocat');
    const path = '/api/v3/repos/octocat/Hello-World/issues';
    const titles = () =>
      bridge.github
        .account('octocat')
        .repositories?.find(({ name }) => name === 'Hello-World')
        ?.issues?.map(({ title }) => title);
    bridge.github.fault({ kind: 'drop', when: 'after', method: 'POST', path });
    const { result } = await callTool(bridge.url, token, 'open_issue', { title: `Lost, ${store}` });
    assert.equal(result?.isError, true);
    assert.match(result.content[0]?.text ?? '', /not known whether/);
    assert.doesNotMatch(result.content[0]?.text ?? '', /try again in/i);
    assert.equal(titles()?.filter((title) => title === `Lost, ${store}`).length, 1);
    assert.equal(bridge.github.callsTo('POST', path).length, 1);
  });

  it('#50 answer each person with their own account, fifty calls at once', async () => {
    const tokens = await Promise.all(
      ['octocat', 'monalisa', 'hubot'].map(async (login) => [login, await tokenOf(login)]),
    );
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const [login = '', token = ''] = tokens[index % tokens.length] ?? [];
        const { result } = await callTool(bridge.url, token, 'who');
        assert.equal(result?.content[0]?.text, `${login} ${login}`);
      }),
    );
  });
});
