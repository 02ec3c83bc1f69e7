// The Redis servers that tests start: they are real, separate from each other, and gone afterwards.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { sharedRedis, startRedis } from './redis.ts';
import { startRedisCluster } from './redis-cluster.ts';
import { startRedisSentinel } from './redis-sentinel.ts';
import { until } from './until.ts';

describe('startRedis', () => {
  test('answers, and is gone with its folder after stop', async () => {
    const server = await startRedis();
    assert.equal(await server.cli('ping'), 'PONG');
    await server.stop();
    assert.equal(existsSync(server.dir), false);
    await assert.rejects(server.cli('ping'), /Connection refused/);
  });

  test('listens on 127.0.0.1 alone', async (t) => {
    const server = await startRedis();
    t.after(server.stop);
    assert.equal(await server.cli('config', 'get', 'bind'), 'bind\n127.0.0.1');
  });

  test('asks for the password that it was given', async (t) => {
    const server = await startRedis({ requirePass: 'a secret/1' });
    t.after(server.stop);
    const client = new Redis(server.url);
    t.after(() => client.disconnect());
    assert.equal(await client.ping(), 'PONG');
    const stranger = new Redis(server.port, '127.0.0.1');
    t.after(() => stranger.disconnect());
    stranger.on('error', () => {});
    await assert.rejects(stranger.get('key'), /NOAUTH/);
  });

  test('keeps acknowledged writes through a crash when it is appendOnly, and loses them otherwise', async (t) => {
    const durable = await startRedis({ appendOnly: true });
    const forgetful = await startRedis();
    t.after(() => Promise.all([durable.stop(), forgetful.stop()]));
    for (const server of [durable, forgetful]) {
      await server.cli('set', 'key', 'value');
      await server.restart({ crash: true });
    }
    assert.equal(await durable.cli('get', 'key'), 'value');
    assert.equal(await forgetful.cli('get', 'key'), '');
  });

  test('does not answer while it is paused, and does when it is resumed', async (t) => {
    const server = await startRedis();
    t.after(server.stop);
    const client = new Redis(server.url, { commandTimeout: 200 });
    t.after(() => client.disconnect());
    await client.set('key', 'value');
    server.pause();
    await assert.rejects(client.get('key'), /timed out/);
    server.resume();
    assert.equal(await client.get('key'), 'value');
  });

  test('ends with the process that started it, even one that is killed', async () => {
    const script = `
      const { startRedis } = await import(${JSON.stringify(new URL('redis.ts', import.meta.url).href)});
      console.log(JSON.stringify(await startRedis()));
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const { port, dir }: { port: number; dir: string } = JSON.parse(printed);
    await until(() => !existsSync(dir), { what: 'the folder to go' });
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    await assert.rejects(client.connect());
  });
});

test('sharedRedis gives each caller keys of its own and removes them afterwards', async () => {
  const [one, other] = await Promise.all([sharedRedis(), sharedRedis()]);
  assert.notEqual(one.prefix, other.prefix);
  const client = new Redis(other.url);
  await client.set(`${other.prefix}key`, 'value');
  await one.stop();
  assert.equal(await client.exists(`${other.prefix}key`), 1);
  client.disconnect();
  await other.stop();
});

test('startRedisCluster makes a cluster that serves every slot', async () => {
  const cluster = await startRedisCluster({ masters: 3, replicas: 1 });
  after(cluster.stop);
  assert.equal(cluster.nodes.length, 6);
  const info = await cluster.nodes[0]?.cli('cluster', 'info');
  assert.match(info ?? '', /cluster_slots_ok:16384/);
  assert.match(info ?? '', /cluster_size:3/);
});

describe('startRedisSentinel', () => {
  test('fails over when the master dies, and the old master comes back as a replica', async () => {
    const sentinel = await startRedisSentinel();
    after(sentinel.stop);
    const client = new Redis({ sentinels: sentinel.sentinels, name: sentinel.masterName });
    after(() => client.disconnect());
    client.on('error', () => {}); // the dead master refuses connections
    await client.set('key', 'value');
    await client.wait(1, 5_000);

    const first = await sentinel.master();
    const second = await sentinel.failover();
    assert.notEqual(second.port, first.port);
    assert.equal(await client.get('key'), 'value');

    await first.up();
    await until(async () => (await first.cli('info', 'replication')).includes('role:slave'), {
      what: 'the old master to follow the new one',
    });
  });
});
