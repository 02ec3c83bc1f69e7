/** A small server in the place of an MCP server: it answers calls at once, and streams as many bytes as are asked for. */
import { createServer } from 'node:http';
import { listen, ready } from './ready.ts';

const ANSWER = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: { content: [{ type: 'text', text: 'x'.repeat(500) }] },
});
/** An event of 8 KiB. */
const EVENT = Buffer.from(`data: ${'x'.repeat(8 * 1024 - 8)}\n\n`);

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    request.resume().on('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': ANSWER.length }).end(ANSWER);
    });
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  let left = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('events'));
  // Without a number the stream stays open, after one event.
  if (left === 0) return void response.write(EVENT);
  const write = () => {
    while (left-- > 0) if (!response.write(EVENT)) return void response.once('drain', write);
    response.end();
  };
  write();
});
ready(await listen(server));
