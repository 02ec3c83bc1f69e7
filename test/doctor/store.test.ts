// What the doctor says about the store, and about the sessions in it.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { Redis } from 'ioredis';
import { defined } from '../../src/base/defined.ts';
import { openStore } from '../../src/open-store.ts';
import { writeImportMark } from '../../src/store/import-mark.ts';
import { onBothStores } from '../support/bridge.ts';
import { logIn, register } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { doctor, REDIS_PASSWORD, SECRETS, useSetup } from './fixtures.ts';

onBothStores('the doctor on the store', (store) => {
  const setup = useSetup(store);

  it('reports a store that cannot be used', async () => {
    if (setup.redis !== undefined) {
      const down = await doctor({ ...setup.env, REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
      assert.deepEqual(down.problems, ['store']);
      assert.match(down.text, /Redis does not answer \(.*ECONNREFUSED.*\)\. Start Redis, or correct REDIS_URL/);
      const password = await doctor({
        ...setup.env,
        REDIS_URL: setup.redis.url.replace(REDIS_PASSWORD, 'another-password'),
      });
      assert.deepEqual(password.problems, ['store']);
      assert.match(password.text, /WRONGPASS/);
      assert.ok(!password.text.includes('another-password'));
      return;
    }
    const fresh = await doctor({ ...setup.env, DATA_DIR: join(setup.directory, 'another', 'one') });
    assert.ok(fresh.well);
    assert.match(fresh.text, /store: none yet; the first start makes one/);
    const damaged = join(setup.directory, 'damaged');
    mkdirSync(damaged);
    writeFileSync(join(damaged, 'bridge.db'), 'this is not a database '.repeat(1000));
    const { problems, text } = await doctor({ ...setup.env, DATA_DIR: damaged });
    assert.deepEqual(problems, ['store']);
    assert.match(text, /store: DATA_DIR: bridge\.db in \S+ is damaged/);
  });

  it('says of a Redis without memory what it needs, and not that it is to be started', async (t) => {
    if (setup.redis === undefined) return t.skip('SQLite has no limit of memory');
    const redis = new Redis(setup.redis.url);
    await redis.config('SET', 'maxmemory', '1');
    const { problems, text } = await doctor(setup.env);
    await redis.config('SET', 'maxmemory', '0');
    await redis.quit();
    assert.deepEqual(problems, ['store']);
    assert.match(
      text,
      /Redis does not answer \(OOM .*\)\. Redis runs, and takes no writes: give it more memory \(maxmemory\)/,
    );
    assert.ok((await doctor(setup.env)).well);
  });

  it('reports a store made under another secret, accepts a rotated one, and writes nothing', async () => {
    const other = await doctor({ ...setup.env, BRIDGE_SECRET: 'another secret that is long enough as well' });
    assert.deepEqual(other.problems, ['store']);
    assert.match(other.text, /not the one under which the store was made\. Set it to what it was/);
    const rotated = await doctor({
      ...setup.env,
      BRIDGE_SECRET: `a newer secret that is long enough as well,${SECRETS.BRIDGE_SECRET}`,
    });
    assert.deepEqual(rotated.problems, []);
    assert.ok((await doctor(setup.env)).well, 'the doctor wrote nothing');
  });

  it('reports an import that is not finished', async () => {
    const { DATA_DIR = '', REDIS_URL } = setup.env;
    const opened = await openStore(defined({ dataDir: DATA_DIR, redisUrl: REDIS_URL }), { serving: false });
    assert.ok(await writeImportMark(opened.shared, 0, { sha256: 'of a file', done: false }));
    const { problems, text } = await doctor(setup.env);
    assert.deepEqual(problems, ['store']);
    assert.match(
      text,
      /(DATA_DIR|REDIS_URL): a store into which an import is not finished\. Complete it with the same/,
    );
    assert.ok(await writeImportMark(opened.shared, 1, { sha256: 'of a file', done: true }));
    await opened.close();
    assert.deepEqual((await doctor(setup.env)).problems, []);
  });

  it('reports the sessions that an organisation policy cannot ask GitHub about', async () => {
    const policy = { ...setup.env, ALLOWED_GITHUB_ORGS: 'octo-org,hidden-lab/research' };
    const before = await doctor(policy);
    assert.ok(before.well);
    assert.match(before.text, /organisation policy: members of octo-org/);
    const issuer = setup.env.PUBLIC_URL ?? '';
    await logIn(issuer, await register(issuer), { parameters: { scope: 'read:user' } });
    await logIn(issuer, await register(issuer), { login: 'monalisa', parameters: { scope: 'read:org' } });
    const after = await doctor(policy);
    assert.deepEqual(after.problems, ['sessions']);
    assert.match(after.text, /1 of 2 were granted without read:org\. Tell the people to log in again/);
    assert.ok((await doctor(setup.env)).well, 'without a policy nobody minds');
  });
});
