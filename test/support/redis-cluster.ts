// A real Redis Cluster on loopback, for one test: masters, each with as many replicas as asked.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type RedisServer, startRedis } from './redis.ts';
import { redisCli } from './system.ts';
import { until } from './until.ts';

const run = promisify(execFile);

export type RedisCluster = {
  /** Masters and replicas, the masters first. */
  nodes: RedisServer[];
  /** The address of the cluster, as in `REDIS_URL`: `redis-cluster://127.0.0.1:P1,127.0.0.1:P2,…`. */
  url: string;
  stop(): Promise<void>;
};

/** Starts a cluster (by default three masters without replicas) and waits until every node reports it as working. */
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
  return { nodes, url: `redis-cluster://${nodes.map((node) => `127.0.0.1:${node.port}`).join(',')}`, stop };
}

/** Whether this node reports the cluster as working, knows every other node and, as a replica, follows its master. */
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
