// A person's token goes to GitHub's API and nowhere else, whatever address a tool names, and however it names it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAddressCheck } from '../../src/github/api-addresses.ts';
import { scriptedGithub } from './scripted-github.ts';

describe('the addresses of the API', () => {
  const rows: readonly { api: string; inside: readonly string[]; outside: readonly string[] }[] = [
    {
      api: 'https://api.github.com',
      inside: [
        'https://api.github.com/user',
        'https://api.github.com/graphql',
        'https://uploads.github.com/repos/octocat/hello/releases/1/assets?name=a.zip',
      ],
      outside: [
        'https://evil.example/user',
        'https://api.github.com.evil.example/user',
        'https://api.github.com@evil.example/user',
        'https://somebody@api.github.com/user',
        'https://api.github.com:8443/user',
        'http://api.github.com/user',
        'https://github.com/user',
        'https://uploads.github.com.evil.example/',
        '/user',
        'https://',
      ],
    },
    {
      api: 'https://api.acme.ghe.com/',
      inside: ['https://api.acme.ghe.com/user', 'https://uploads.acme.ghe.com/repos/a/b/releases/1/assets'],
      outside: ['https://api.github.com/user', 'https://uploads.github.com/user', 'https://api.other.ghe.com/user'],
    },
    {
      api: 'https://github.acme.example/api/v3',
      inside: [
        'https://github.acme.example/api/v3/user',
        'https://github.acme.example/api/graphql',
        'https://github.acme.example/api/uploads/repos/a/b/releases/1/assets',
      ],
      outside: [
        'https://github.acme.example/login',
        'https://github.acme.example/api/v3/../../login',
        'https://github.acme.example/api/v3/%2e%2e/%2e%2e/login',
        'https://github.acme.example/api/v3evil',
        'https://github.acme.example/api/graphql/more',
        'https://uploads.acme.example/api/v3/user',
      ],
    },
  ];
  for (const { api, inside, outside } of rows)
    it(`of ${api} are known`, () => {
      const isOfApi = createAddressCheck(api);
      for (const address of inside) assert.equal(isOfApi(address), true, address);
      for (const address of outside) assert.equal(isOfApi(address), false, address);
    });

  it('are all that a client calls', async (t) => {
    const [github, evil] = [await scriptedGithub(t), await scriptedGithub(t)];
    const client = await github.client();
    for (const attempt of [
      () => client.request(`GET ${evil.url}/api/v3/user`),
      () => client.request('GET {+address}', { address: `${evil.url}/api/v3/user` }),
      () => client.request('GET /user', { baseUrl: `${evil.url}/api/v3` }),
      () => client.request.defaults({ baseUrl: `${evil.url}/api/v3` })('GET /user'),
      () => client.request(`POST ${evil.url}/api/v3/gists`, { description: 'for you' }),
      () => client.graphql('{ viewer { login } }', { baseUrl: `${evil.url}/api/v3` }),
      () => client.paginate(`GET ${evil.url}/api/v3/user/repos`),
      () => client.request(`GET ${github.url}/login`),
    ])
      await assert.rejects(attempt(), (error: unknown) => {
        assert.ok(error instanceof Error && error.name === 'GithubTrouble', String(error));
        assert.match(error.message, /^The person's token is for GitHub's API, not for http/);
        return true;
      });
    assert.deepEqual([...evil.requests, ...github.requests], []);
  });
});
