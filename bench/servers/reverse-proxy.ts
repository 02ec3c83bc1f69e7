/** A plain reverse proxy, without any authorization, in front of the server that the first argument names. */
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Pool } from 'undici';
import { ready } from '../contestant.ts';

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
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') ready(`http://127.0.0.1:${address.port}`);
});
