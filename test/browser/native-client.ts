// The part of an MCP client on the person's machine that the browser meets: it registers, makes the address to open, and listens
// on loopback for the answer.
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  authorizationUrl,
  pkce,
  redemption,
  register,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';

export interface NativeClient {
  readonly client: TestClient;
  /** The address to open in the browser. */
  begin(parameters?: Record<string, string | undefined>): NativeLogin;
  close(): Promise<void>;
}

export interface NativeLogin {
  readonly url: string;
  /** What the browser brought to the redirect URI for this login. */
  answer(): Promise<URLSearchParams>;
  /** Redeems the code that the browser brought. */
  tokens(): Promise<Tokens>;
}

/** The text that the listener shows, so that a test can see that the browser arrived. */
export const ARRIVED = 'You can close this window.';

/** @param name shown on the consent page */
export async function startNativeClient(issuer: string, name: string): Promise<NativeClient> {
  const answers = new EventEmitter();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname !== '/callback') return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><html lang="en"><title>${name}</title><p>${ARRIVED}</p></html>`);
    answers.emit(searchParams.get('state') ?? '', searchParams);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = await register(issuer, {
    client_name: name,
    redirect_uris: [`http://127.0.0.1:${port}/callback`],
  });
  let logins = 0;
  return {
    client,
    begin(parameters = {}) {
      const { verifier, challenge } = pkce();
      const state = `login-${++logins}`;
      // Waits from the start, so that an early answer is not missed.
      const answered = once(answers, state).then(([search]) => search as URLSearchParams);
      return {
        url: authorizationUrl(issuer, client, challenge, { state, ...parameters }),
        answer: () => answered,
        async tokens() {
          const code = (await answered).get('code') ?? '';
          return tokensOf(await tokenRequest(issuer, redemption(client, code, verifier)));
        },
      };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
