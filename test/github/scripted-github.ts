// A GitHub whose answers a test writes, and clients that call it for one credential with the real `createGithubApi`.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { type ClientUse, createGithubApi, type GithubApi } from '../../src/github/api.ts';
import type { GithubClient } from '../../src/github/api-call.ts';
import type { Credentials } from '../../src/github/credentials.ts';
import { TIMEOUTS, type Timeouts } from '../../src/github/timeouts.ts';
import { EventBus } from '../../src/observe/events.ts';
import type { CredentialState } from '../../src/store/records.ts';
import { listen } from '../support/listen.ts';

interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers a request; 'drop' closes its connection. */
type Reply = { status?: number; headers?: Record<string, string>; body?: unknown } | 'drop' | Promise<void>;

export interface ScriptedGithub {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** How many tokens its clients have taken to call it. */
  readonly tokensTaken: number;
  /** Answers the next requests, in this order; then requests are answered 200 with `{}`. */
  next(...replies: Reply[]): void;
  /** The client of a caller. All calls of one scripted GitHub are of one credential and one API. */
  client(use?: ClientUse): Promise<GithubClient>;
  /** A client of an API of its own, whose writes do not wait a second for the writes of others. */
  clientAlone(): Promise<GithubClient>;
  /** Another API for the same GitHub and the same credential. */
  anotherApi(): GithubApi;
}

/** What its clients call GitHub with; a refusal is answered by the next generation of the token. */
export const CREDENTIAL: CredentialState = {
  person: 'person',
  id: 'credential',
  generation: 1,
  appClientId: 'app',
  account: { id: 1, login: 'octocat' },
  scope: [],
  sealedTokens: '',
};

/** Starts a scripted GitHub, which ends with the test. @param timeouts in milliseconds */
export async function scriptedGithub(t: TestContext, timeouts: Partial<Timeouts> = {}): Promise<ScriptedGithub> {
  const requests: SeenRequest[] = [];
  const script: Reply[] = [];
  let tokensTaken = 0;
  const credentials: Credentials = {
    fresh: async (credential) => credential,
    accessToken({ generation }) {
      tokensTaken += 1;
      return `gho_${generation}`;
    },
    afterRefusal: async (credential) => ({ ...credential, generation: credential.generation + 1 }),
  };
  const server = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    requests.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
    send(script.shift() ?? {}, response);
  });
  t.after(server.close);
  const apiUrl = `${server.url}/api/v3`;
  const anotherApi = () =>
    createGithubApi({
      apiUrl,
      credentials,
      events: new EventBus(),
      now: () => Math.floor(Date.now() / 1000),
      timeouts: { ...TIMEOUTS, ...timeouts },
    });
  const api = anotherApi();
  return {
    url: server.url,
    requests,
    get tokensTaken() {
      return tokensTaken;
    },
    next: (...replies) => void script.push(...replies),
    client: async (use) => (await api.clients())(CREDENTIAL, use),
    clientAlone: async () => (await anotherApi().clients())(CREDENTIAL),
    anotherApi,
  };
}

async function send(reply: Reply, response: ServerResponse): Promise<void> {
  if (reply === 'drop') return void response.socket?.destroy();
  if (reply instanceof Promise) return reply.then(() => send({}, response));
  const { status = 200, headers = {}, body = {} } = reply;
  const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8';
  response.writeHead(status, { 'content-type': type, ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
