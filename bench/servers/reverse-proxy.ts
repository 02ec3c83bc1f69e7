/** A plain reverse proxy, without any authorization, in front of the server that the first argument names. */
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Pool } from 'undici';
import { listen, ready } from './ready.ts';

const pool = new Pool(process.argv[2] ?? '', { bodyTimeout: 0 });

const server = createServer(async (request, response) => {
  const { method = 'GET', url: path = '/', headers } = request;
  const { host: _, connection: __, 'transfer-encoding': ___, ...passed } = headers;
  try {
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
