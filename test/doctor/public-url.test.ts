// What the doctor says about the public address and the webhook there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listen } from '../support/listen.ts';
import { freePort } from '../support/ports.ts';
import { doctor, useSetup } from './fixtures.ts';

describe('the doctor on the public address', () => {
  const setup = useSetup('sqlite');

  it('reports a public address at which nothing answers, or another program', async () => {
    const nobody = await doctor({ ...setup.env, PUBLIC_URL: `http://localhost:${await freePort()}` });
    assert.deepEqual(nobody.problems, ['PUBLIC_URL']);
    assert.match(nobody.text, /Start the bridge \(npm start\)/);
    const another = await listen((_request, response) => response.end('<h1>It works!</h1>'));
    const wrongPath = await doctor({ ...setup.env, PUBLIC_URL: another.url.replace('127.0.0.1', 'localhost') });
    await another.close();
    assert.deepEqual(wrongPath.problems, ['PUBLIC_URL']);
    assert.match(wrongPath.text, /is not this bridge \(200\)/);
    const alias = await doctor({
      ...setup.env,
      PUBLIC_URL: (setup.env.PUBLIC_URL ?? '').replace('localhost', '127.0.0.1'),
    });
    assert.deepEqual(alias.problems, ['callback URL', 'PUBLIC_URL']);
    assert.ok(alias.text.includes(`calls itself ${setup.env.PUBLIC_URL}`));
  });

  it('reports a webhook that was started with another secret', async () => {
    const { problems, text } = await doctor({ ...setup.env, GITHUB_WEBHOOK_SECRET: 'what was entered at GitHub' });
    assert.deepEqual(problems, ['webhook']);
    assert.match(text, /\(401\)/);
  });
});
