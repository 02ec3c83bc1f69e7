// The load balancer in front of the replicas, at PUBLIC_URL: any request goes to any replica. It tells whether each answer is one
// that the bridge may give.

import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Listening, listen } from '../support/listen.ts';

/** Milliseconds within which every answer must begin; a call of GitHub may take 25 s (src/github/timeouts.ts). */
const PATIENCE = 45_000;

export interface Answered {
  readonly method: string;
  readonly path: string;
  readonly replica: string;
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly milliseconds: number;
}

/** What is wrong with an answer; undefined when nothing is. */
export function fault({ method, path, replica, status, retryAfter, milliseconds }: Answered): string | undefined {
  const what = `${method} ${path} at ${replica} was answered ${status}`;
  if (milliseconds > PATIENCE) return `${what} after ${Math.round(milliseconds)} ms`;
  if (status === 503 && retryAfter === undefined) return `${what} without Retry-After`;
  return status >= 500 && status !== 503 ? what : undefined;
}

/**
 * Starts the balancer.
 * @param order the addresses of the replicas, in the order in which they are tried for a request
 * @param onAnswer called for each answer of a replica
 */
export async function startBalancer(
  port: number,
  order: () => readonly { name: string; url: string }[],
  onAnswer: (answered: Answered) => void,
): Promise<Listening> {
  const agent = new Agent({ keepAlive: true });
  let clients = 0;

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const { method = 'GET', url: path = '/' } = incoming;
    // Each request comes from another address, so that the rate limits by address are not what is tested.
    clients += 1;
    const headers = {
      ...incoming.headers,
      'x-forwarded-for': `10.${clients >> 16}.${(clients >> 8) & 255}.${clients & 255}`,
    };
    for (const { name, url } of order()) {
      const begun = performance.now();
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      request(new URL(path, url), { method, headers, agent }, resolve).once('error', reject).end(body);
      try {
        const answer = await promise;
        const { statusCode: status = 0 } = answer;
        const milliseconds = performance.now() - begun;
        const retryAfter = answer.headers['retry-after'];
        onAnswer({ method, path: path.replace(/\?.*/, ''), replica: name, status, retryAfter, milliseconds });
        outgoing.writeHead(status, answer.headers);
        answer.once('error', () => outgoing.destroy()).pipe(outgoing);
        return;
      } catch (error) {
        // Only a request that was not sent may be sent to another replica.
        if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) break;
      }
    }
    outgoing.destroy();
  }

  return await listen((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  }, port);
}
