// A receiver of events, real HTTP on loopback, that keeps what it gets and answers as told.
import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { listen } from '../support/listen.ts';

export interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly event: { readonly type: string; readonly timestamp: string; readonly data: Record<string, unknown> };
}

export const SECRET = 'a secret of the event hook that is long enough';

/** Starts a receiver for one test. `answer` may be replaced at any time. */
export async function startReceiver(t: TestContext) {
  const received: Received[] = [];
  const receiver = {
    url: '',
    received,
    answer: (response: ServerResponse, _event: Received['event']): void => void response.writeHead(204).end(),
  };
  const server = await listen(async (request, response) => {
    const body = await text(request);
    const one: Received = { headers: request.headers, body, event: JSON.parse(body) };
    received.push(one);
    receiver.answer(response, one.event);
  });
  t.after(() => server.close());
  receiver.url = `${server.url}/hook?key=hidden`;
  return receiver;
}
