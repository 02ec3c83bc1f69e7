// A real Redis Cluster on loopback, for the length of a test: some masters, each with as many replicas as asked.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type RedisServer, startRedis } from './redis.ts';
import { redisCli } from './system.ts';
import { until } from './until.ts';

const run = promisify(execFile);

export type RedisCluster = {
  /** Masters and replicas, in the order in which redis-cli was given them: the masters first. */
  nodes: RedisServer[];
  /** `redis://127.0.0.1:P1`, `redis://127.0.0.1:P2`, …: one address a node. */
  urls: string[];
  /** The addresses joined by commas. */
  url: string;
  stop(): Promise<void>;
};

/** Starts a cluster (three masters without replicas unless told) and waits until every node calls it well. */
export async function startRedisCluster(options: { masters?: number; replicas?: number } = {}): Promise<RedisCluster> {
  const { masters = 3, replicas = 0 } = options;
  const starting = Array.from({ length: masters * (1 + replicas) }, () =>
    startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'] }),
  );
  const nodes = await Promise.all(starting);
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    const addresses = nodes.map((node) => `127.0.0.1:${node.port}`);
    const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', String(replicas), '--cluster-yes'];
    await run(redisCli(), create, { timeout: 60_000 });
    await Promise.all(nodes.map((node) => settled(node, nodes.length)));
  } catch (error) {
    await stop();
    throw error;
  }
  const urls = nodes.map((node) => node.url);
  return { nodes, urls, url: urls.join(','), stop };
}

/** The cluster is well in this node's eyes, it knows every other, and if it is a replica it follows its master. */
async function settled(node: RedisServer, count: number): Promise<void> {
  await until(
    async () => {
      const info = await node.cli('cluster', 'info');
      const replication = await node.cli('info', 'replication');
      return (
        info.includes('cluster_state:ok') &&
        info.includes(`cluster_known_nodes:${count}`) &&
        (replication.includes('role:master') || replication.includes('master_link_status:up'))
      );
    },
    { what: `cluster node ${node.port}`, interval: 50, timeout: 30_000 },
  );
}
