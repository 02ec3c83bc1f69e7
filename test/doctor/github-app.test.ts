// What the doctor says about the app at GitHub, and about the API.
import assert from 'node:assert/strict';
import { type RequestListener, request } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { SimulatedGitHub } from '../../demo/github/index.ts';
import { listen } from '../support/listen.ts';
import { freePort } from '../support/ports.ts';
import { listenWithOwnCertificate, NO_OPENSSL } from '../support/tls.ts';
import { doctor, run, useSetup } from './fixtures.ts';

describe('the doctor on the app at GitHub', () => {
  const setup = useSetup('sqlite');

  it('reports a wrong client id', async () => {
    const { problems, text } = await doctor({ ...setup.env, GITHUB_CLIENT_ID: 'Ov23li-another' });
    assert.deepEqual(problems, ['GitHub app']);
    assert.match(text, /knows no app of the client id Ov23li-another\. Copy GITHUB_CLIENT_ID from the app's page/);
  });

  it('reports a wrong client id that only the token endpoint refuses', async () => {
    const answers: RequestListener = (request, response) => {
      const exchanging = request.url === '/login/oauth/access_token';
      response.writeHead(
        exchanging ? 404 : 302,
        exchanging ? { 'content-type': 'application/json' } : { location: '/login' },
      );
      response.end(exchanging ? '{"error":"Not Found"}' : '');
    };
    const web = await listen(answers);
    try {
      const { text } = await doctor({
        ...setup.env,
        GITHUB_URL: web.url,
        GITHUB_API_URL: `${setup.github.url}/api/v3`,
      });
      assert.match(text, /problem {2}GitHub app: .* knows no app of the client id/);
    } finally {
      await web.close();
    }
  });

  it('reports a wrong client secret', async () => {
    const { problems, text } = await doctor({ ...setup.env, GITHUB_CLIENT_SECRET: 'an-older-secret-of-the-app' });
    assert.deepEqual(problems, ['client secret']);
    assert.match(text, /GitHub does not take it for this client id\. Generate a new client secret/);
  });

  it('reports a callback URL that is not registered', async () => {
    const app = setup.github.app('Ov23li-doctor');
    const { callbackUrls } = app;
    app.callbackUrls = ['https://another.example.com/github/callback'];
    const { problems, text } = await doctor(setup.env);
    app.callbackUrls = callbackUrls;
    assert.deepEqual(problems, ['callback URL']);
    assert.ok(text.includes(`${setup.env.PUBLIC_URL}/github/callback is not registered with the app`));
  });

  it('reports a suspended app', async () => {
    setup.github.app('Ov23li-doctor').suspended = true;
    const { problems, text } = await doctor(setup.env);
    setup.github.app('Ov23li-doctor').suspended = false;
    assert.deepEqual(problems, ['GitHub app']);
    assert.match(text, /GitHub has suspended the app/);
  });

  it('reports a GitHub or an API that cannot be reached or does not work', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const both = await doctor({ ...setup.env, GITHUB_URL: nowhere });
    // The store, too: it belongs to the GitHub that it was made for.
    assert.deepEqual(both.problems, ['GitHub', 'GitHub API', 'store']);
    assert.match(both.text, /GITHUB_URL: .* the store holds tokens of .*Set it to what it was/);
    const api = await doctor({ ...setup.env, GITHUB_API_URL: nowhere });
    assert.deepEqual(api.problems, ['GitHub API']);
    assert.match(api.text, /cannot be reached \(ECONNREFUSED\)\. Check GITHUB_API_URL/);
    const notTheApi = await doctor({ ...setup.env, GITHUB_API_URL: `${setup.env.PUBLIC_URL}/api/v3` });
    assert.deepEqual(notTheApi.problems, ['GitHub API']);
    assert.match(notTheApi.text, /is not GitHub's API \(404\)/);
    for (const path of ['/login/oauth/authorize', '/login/oauth/access_token', /^\/api\/v3/]) {
      setup.github.fault({ kind: 'status', status: 503, path });
      const down = await doctor(setup.env);
      assert.equal(down.problems.length, 1, String(path));
      assert.match(down.text, /503/);
      assert.doesNotMatch(down.text, /GITHUB_API_URL/, 'the address is right');
    }
  });

  it('reports a certificate of an unknown authority, and names the setting that accepts it', {
    skip: NO_OPENSSL,
  }, async () => {
    const enterprise = await listenWithOwnCertificate(setup.directory, passOnTo(setup.github));
    try {
      // A store of its own: one belongs to one GitHub.
      const DATA_DIR = join(setup.directory, 'enterprise');
      const there = { ...setup.env, GITHUB_URL: enterprise.url, REDIS_URL: '', DATA_DIR };
      const { problems, text } = await doctor(there);
      assert.deepEqual(problems, ['GitHub', 'GitHub API']);
      assert.match(text, /is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. .*NODE_EXTRA_CA_CERTS=/);
      const vouched = await run({ ...there, NODE_EXTRA_CA_CERTS: enterprise.certificate });
      assert.equal(vouched.code, 0, vouched.stdout);
    } finally {
      await enterprise.close();
    }
  });
});

/** Forwards requests to the simulated GitHub, as the TLS side of an Enterprise Server. */
function passOnTo(github: SimulatedGitHub): RequestListener {
  return (incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming;
    const passed = request(new URL(url, github.url), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  };
}
