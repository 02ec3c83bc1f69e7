/**
 * A plain reverse proxy, without any authorization, in front of the server that the first argument names. With the URL of a Redis
 * as the second one it runs a script there for each request, before it passes the request on, and makes nothing of the reply: what
 * any proxy pays that asks Redis at each call.
 */
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Redis } from 'ioredis';
import { Pool } from 'undici';
import { listen, ready } from './ready.ts';

const [behind = '', redisUrl] = process.argv.slice(2);
const pool = new Pool(behind, { bodyTimeout: 0 });
const ask = redisUrl === undefined ? undefined : await asking(redisUrl);

/** The reply is as long as that for a session. */
async function asking(url: string): Promise<() => Promise<unknown>> {
  const redis = new Redis(url);
  await redis.hset('person', { grant: 'x'.repeat(500), credential: 'x'.repeat(500) });
  const sha = await redis.script('LOAD', "return redis.call('HMGET', KEYS[1], 'grant', 'credential')");
  return () => redis.evalsha(String(sha), 1, 'person');
}

const server = createServer(async (request, response) => {
  const { method = 'GET', url: path = '/', headers } = request;
  const { host: _, connection: __, 'transfer-encoding': ___, ...passed } = headers;
  try {
    if (ask !== undefined) await ask();
    const answer = await pool.request({
      method: method as 'GET' | 'POST',
      path,
      headers: passed,
      body: method === 'POST' ? request : null,
    });
    const { connection: ____, 'transfer-encoding': _____, ...answered } = answer.headers;
    response.writeHead(answer.statusCode, answered);
    await pipeline(answer.body, response);
  } catch {
    response.destroy();
  }
});
ready(await listen(server));
