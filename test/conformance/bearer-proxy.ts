// A proxy that adds the access token, which the suite cannot send.
import { request } from 'node:http';
import { type Listening, listen } from '../support/listen.ts';

/** Forwards requests with the token. Host and Origin are not changed, because the suite tests how they are treated. */
export function addBearer(origin: string, accessToken: string): Promise<Listening> {
  return listen((incoming, outgoing) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${accessToken}` };
    const passed = request(new URL(incoming.url ?? '/', origin), { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once('error', () => outgoing.destroy());
    outgoing.once('close', () => passed.destroy());
    incoming.pipe(passed);
  });
}
