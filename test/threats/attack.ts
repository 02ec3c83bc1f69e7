// Helpers for the attacks in this folder: do the same thing many times at once, and check what is still alive.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect as connectSocket } from 'node:net';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { TestBridge } from '../support/bridge.ts';
import { callTool, type JsonAnswer, refreshing, type TestClient, type Tokens, tokenRequest } from '../support/oauth.ts';

/** Starts `count` tasks at once and waits for all of them. */
export function atOnce<T>(count: number, task: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => task(index)));
}

/** An account at the simulated GitHub that no other test uses. */
export function newPerson(bridge: TestBridge): string {
  const id = 9_000_000 + bridge.github.accounts.length;
  const login = `person-${id}`;
  bridge.github.addAccount({ id, login, name: null, email: `${login}@example.com` });
  return login;
}

/** Headers of a request from a network that no other test uses, where the bridge trusts 127.0.0.1 as a proxy. */
export function fromAnotherNetwork(): Record<string, string> {
  return { 'x-forwarded-for': `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1` };
}

/** Whether the resource server accepts an access token. */
export async function works(bridge: TestBridge, tokens: Pick<Tokens, 'access_token'>): Promise<boolean> {
  const { status } = await callTool(bridge.url, tokens.access_token, 'get_auth_status');
  assert.ok(status === 200 || status === 401, `/mcp answered ${status}`);
  return status === 200;
}

/** Fails unless nothing that a login gave works any more: not at `/mcp`, not for a refresh, not at GitHub. */
export async function assertOver(bridge: TestBridge, client: TestClient, tokens: Tokens, person: string) {
  assert.equal(await works(bridge, tokens), false, 'the access token still works');
  if (tokens.refresh_token !== undefined)
    assertRefused(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)), 'invalid_grant');
  await bridge.bridge.revocations.idle();
  assert.deepEqual(bridge.github.liveTokens({ account: person }), [], 'the token still lives at GitHub');
}

/** Fails unless this is an OAuth error that no cache keeps. */
export function assertRefused(answer: JsonAnswer, error: string, status = error === 'invalid_client' ? 401 : 400) {
  assert.deepEqual({ status: answer.status, error: answer.body.error }, { status, error });
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(answer.body.access_token, undefined);
}

/** The session that an access token names, which a stranger may have read in a log. */
export function sidOf(tokens: Pick<Tokens, 'access_token'>): { person: string; grant: string } {
  const [person = '', grant = ''] = z.string().parse(decodeJwt(tokens.access_token).sid).split('.');
  return { person, grant };
}

/** Sends bytes that no HTTP client would send. Resolves to the answer; rejects when none came in time. */
export function sendRaw(
  url: string,
  request: string | Buffer,
  timeout = 5_000,
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connectSocket(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname);
    let text = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer within ${timeout} ms, only: ${text}`));
    }, timeout);
    socket.setEncoding('latin1').on('data', (data) => {
      text += data;
    });
    socket.on('error', () => {}); // the server may close the connection early; only its answer matters
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    });
    socket.write(request);
  });
}

/** The same object with some members replaced. Its other methods still run on the original. */
export function overriding<T extends object>(target: T, overrides: Partial<T>): T {
  return new Proxy(target, {
    get(original, name) {
      const value: unknown = name in overrides ? Reflect.get(overrides, name) : Reflect.get(original, name, original);
      return typeof value === 'function' ? value.bind(original) : value;
    },
  });
}
