// A rolling restart: three replicas behind a proxy of deploy/ are restarted one after another while people work, and nobody notices
// but those who listen to a stream, which ends, and which their client opens again.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createSimulatedGitHub } from '../../demo/github/index.ts';
import { Replica } from '../faults/replicas.ts';
import { freePort } from '../support/ports.ts';
import { startRedis } from '../support/redis.ts';
import { NO_OPENSSL } from '../support/tls.ts';
import { accountsOf, startLoad } from './load.ts';
import { PROXIES, startProxy, whyNot } from './proxies.ts';

const APP = { clientId: 'rolling', clientSecret: 'no secret of anybody' };
const SIZE = { logins: 1, refreshes: 2, calls: 2, streams: 3 };
/** Milliseconds: three stops of four seconds each, and three starts, on a machine that does other things, too. */
const PATIENCE = 300_000;
/** Seconds; a proxy asks each replica once a second whether it is ready. */
const STOP_DELAY = '3s';

describe('a rolling restart', () => {
  const ends: (() => Promise<unknown>)[] = [];
  const unexpected: string[] = [];
  const replicas: Replica[] = [];
  const ports: number[] = [];
  let port = 0;
  before(async () => {
    port = await freePort();
    const issuer = `https://localhost:${port}`;
    const redis = await startRedis();
    ends.unshift(() => redis.stop());
    const github = createSimulatedGitHub({
      apps: [{ kind: 'oauth-app', name: 'Rolling', ...APP, callbackUrls: [`${issuer}/github/callback`] }],
      accounts: accountsOf(SIZE),
      rateLimitPerHour: 1_000_000,
    });
    ends.unshift(() => github.close());
    const env = {
      GITHUB_CLIENT_ID: APP.clientId,
      GITHUB_CLIENT_SECRET: APP.clientSecret,
      GITHUB_URL: await github.listen(),
      PUBLIC_URL: issuer,
      HOST: '127.0.0.1',
      REDIS_URL: redis.url,
      BRIDGE_SECRET: 'a secret of three replicas that is long enough',
      TRUSTED_PROXIES: '127.0.0.1',
      REGISTRATIONS_PER_HOUR: '100000',
      LOG_LEVEL: 'warn',
      STOP_DELAY,
    };
    for (const name of ['one', 'two', 'three']) {
      const own = await freePort();
      ports.push(own);
      const replica = new Replica(name, own, env, false, (violation) => unexpected.push(violation));
      replicas.push(replica);
      ends.unshift(() => replica.end('SIGKILL'));
    }
    await Promise.all(replicas.map((replica) => replica.start()));
  });
  after(async () => {
    for (const end of ends) await end();
  });

  for (const name of PROXIES)
    it(`behind ${name} loses no request, no session and no refresh`, {
      timeout: PATIENCE,
      skip: NO_OPENSSL || whyNot(name),
    }, async (t) => {
      const proxy = await startProxy(name, port, ports);
      t.after(() => proxy.stop());
      const load = await startLoad(`https://localhost:${port}`, SIZE);
      t.after(() => load.stop());
      for (const replica of replicas) {
        await replica.end('SIGTERM');
        await load.more(2);
        await replica.start();
        await load.more(2);
      }
      const lost = await load.end();
      t.diagnostic(JSON.stringify({ ...load.done, streamsEnded: load.streamsEnded() }));
      assert.deepEqual(load.failures, []);
      assert.deepEqual(lost, []);
      assert.deepEqual(unexpected, []);
      assert.ok(load.streamsEnded() >= SIZE.streams, 'every stream was ended by a restart, and opened again');
    });
});
