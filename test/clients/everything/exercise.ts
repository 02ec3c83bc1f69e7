// What every client must do at server-everything, behind the demo: use all that it can of MCP, and go on in the same session of the
// server when its access token has expired.

import assert from 'node:assert/strict';
import { z } from 'zod';
import { until } from '../../support/until.ts';
import { assertRefresh, type LoggedIn } from '../client.ts';
import type { Demo } from '../demo.ts';
import type { EverythingServer } from './server.ts';

/** Names of resources of the server. They are not documents of this repository. */
const EXTENSION = '.md';
const FEATURES_TEXT = `features${EXTENSION}`;
const STRUCTURE_TEXT = `structure${EXTENSION}`;
const STARTUP_TEXT = `startup${EXTENSION}`;

/** A client at server-everything. What a client cannot do, it does not have. */
export interface AtEverything extends LoggedIn {
  /** How many sessions it begins when it connects; 1 by default, and `each call` when each of its calls begins one. */
  readonly sessions?: number | 'each call';
  toolNames(): Promise<string[]>;
  /** Calls a tool. @returns the texts of the result */
  call(tool: string, input?: Record<string, unknown>): Promise<string>;
  /** Reads the resource of a name in the list. @returns its text */
  read?(name: string): Promise<string>;
  /** Reads a resource by the template of a name in the list. @returns its text */
  readByTemplate?(name: string, input: Record<string, string>): Promise<string>;
  /** Gets the prompt of a title in the list. @returns the text of its message */
  prompt?(title: string, input: Record<string, string>): Promise<string>;
  /** @returns what an argument of a prompt may become */
  complete?(title: string, argument: string, begun: string): Promise<string[]>;
  /** Calls a tool. @param onProgress called for each progress notification */
  callWithProgress?(tool: string, input: Record<string, unknown>, onProgress: () => void): Promise<string>;
  /** Calls a tool, and cancels the call at its first progress notification. Resolves when the client has given it up. */
  callAndCancel?(tool: string, input: Record<string, unknown>): Promise<void>;
  /** Calls a tool that asks for sampling, and answers. @returns the texts of the result */
  callWithSampling?(tool: string, input: Record<string, unknown>, reply: string): Promise<string>;
  /** Calls a tool that asks for the person's name, and gives it. @returns the texts of the result */
  callWithElicitation?(tool: string, name: string): Promise<string>;
  /** The root that it offers. */
  readonly root?: string;
  readonly notifications?: Notifications;
  /** Ends its session with DELETE. */
  endSession?(): Promise<void>;
}

/** What the server tells by its own stream. */
interface Notifications {
  setLevel?(level: 'debug' | 'emergency'): Promise<void>;
  /** Subscribes to the resource of a name in the list. */
  subscribe(name: string): Promise<void>;
  /** The log messages up to now. */
  logs(): Promise<string[]>;
  /** How many notifications of updated resources came up to now. */
  updates(): Promise<number>;
}

/** Logs a client in as octocat, and checks all that it can do. @returns what that was */
export async function exerciseEverything(
  demo: Demo,
  server: EverythingServer,
  connecting: Promise<AtEverything>,
): Promise<string> {
  const client = await connecting;
  try {
    const did = ['tools'];
    assert.ok((await client.toolNames()).includes('get-structured-content'));
    assert.equal(await client.call('echo', { message: 'grüß dich' }), 'Echo: grüß dich');
    for (const [feature, check] of Object.entries(FEATURES)) if (await check(client, demo)) did.push(feature);
    return `${did.join(', ')}; ${await checkSession(client, demo, server)}`;
  } finally {
    await client.close();
  }
}

/** Each checks one part of MCP; the calls that take long come first. @returns false when the client does not have it */
const FEATURES: Record<string, (client: AtEverything, demo: Demo) => Promise<boolean>> = {
  async progress(client) {
    if (client.callWithProgress === undefined) return false;
    let first: number | undefined;
    const input = { duration: 4, steps: 4 };
    const text = await client.callWithProgress('trigger-long-running-operation', input, () => {
      first ??= performance.now();
    });
    assert.match(text, /completed. Duration: 4 seconds, Steps: 4/);
    const ahead = performance.now() - (first ?? Number.POSITIVE_INFINITY);
    assert.ok(ahead > 500, `the first progress came ${ahead} ms before the result`);
    return true;
  },
  async cancellation(client, demo) {
    if (client.callAndCancel === undefined) return false;
    await client.callAndCancel('trigger-long-running-operation', { duration: 10, steps: 20 });
    const seen = () => requestsOf(client, demo, 'notifications/cancelled').map(({ status }) => status);
    await until(() => seen().length > 0, { what: 'the cancellation to reach the server' });
    assert.deepEqual(seen(), [202]);
    return true;
  },
  async sampling(client) {
    if (client.callWithSampling === undefined) return false;
    const input = { prompt: 'say something', maxTokens: 10 };
    const text = await client.callWithSampling('trigger-sampling-request', input, 'the words of a model');
    assert.match(text, /"text": "the words of a model"/);
    return true;
  },
  async elicitation(client) {
    if (client.callWithElicitation === undefined) return false;
    assert.match(await client.callWithElicitation('trigger-elicitation-request', 'Mona Lisa'), /- Name: Mona Lisa/);
    return true;
  },
  async resources(client) {
    if (client.read === undefined) return false;
    assert.match(await client.read(FEATURES_TEXT), /Echoes the provided/);
    return true;
  },
  async templates(client) {
    if (client.readByTemplate === undefined) return false;
    const text = await client.readByTemplate('Dynamic Text Resource', { resourceId: '7' });
    assert.match(text, /Resource 7: This is a plaintext resource/);
    return true;
  },
  async prompts(client) {
    if (client.prompt === undefined) return false;
    const text = await client.prompt('Arguments Prompt', { city: 'Zürich', state: 'ZH' });
    assert.match(text, /What's weather in Zürich, ZH\?/);
    return true;
  },
  async completion(client) {
    if (client.complete === undefined) return false;
    assert.deepEqual(await client.complete('Team Management', 'department', 'S'), ['Sales', 'Support']);
    return true;
  },
  async roots(client) {
    if (client.root === undefined) return false;
    assert.ok((await client.call('get-roots-list')).includes(client.root));
    return true;
  },
  async 'logging level'({ notifications }) {
    if (notifications?.setLevel === undefined) return false;
    await notifications.setLevel('emergency');
    await notifications.subscribe(FEATURES_TEXT);
    await notifications.setLevel('debug');
    await notifications.subscribe(STRUCTURE_TEXT);
    const logged = async (name: string) => (await notifications.logs()).some((text) => text.includes(name));
    await until(() => logged(STRUCTURE_TEXT), { what: 'a log message about a subscription' });
    assert.ok(!(await logged(FEATURES_TEXT)));
    return true;
  },
};

/** The session of the server, and the stream in it, go on when the access token has expired. */
async function checkSession(client: AtEverything, demo: Demo, server: EverythingServer): Promise<string> {
  const { notifications, sessions = 1, endSession } = client;
  await notifications?.subscribe(STARTUP_TEXT);
  const toggle = async () => sessionOf(await client.call('toggle-simulated-logging'));
  const updates = () => notifications?.updates() ?? 0;
  const before = await toggle();
  assert.ok(server.sessions.includes(before));
  await assertRefresh(demo, client, async () => assert.equal((await toggle()) === before, sessions !== 'each call'));
  if (sessions === 'each call') return 'refreshes; each call has a session of its own';
  assert.equal(requestsOf(client, demo, 'initialize').length, sessions);
  let said = 'refreshes within one session';
  if (notifications !== undefined) {
    assert.equal(await updates(), 0);
    await client.call('toggle-subscriber-updates');
    await until(updates, { what: 'the update of a resource in a stream that is older than the access token' });
    said += ' and its stream';
  }
  if (endSession !== undefined) {
    await endSession();
    await until(() => server.ended.includes(before), { what: 'the end of the session at the server' });
    said += ', and ends it';
  }
  return said;
}

/** The session that the server names in the result of a tool that toggles. */
function sessionOf(text: string): string {
  const [, id] = / for session ([\w-]+)/.exec(text) ?? [];
  assert.ok(id !== undefined, text);
  return id;
}

function requestsOf(client: AtEverything, demo: Demo, method: string) {
  return demo
    .eventsOf(client.clientId())
    .filter((event) => event.event === 'gateway.request' && event.method === method);
}

const textSchema = z.looseObject({ text: z.string().optional() });
const resultSchema = z.looseObject({
  isError: z.boolean().optional(),
  content: z.array(textSchema).default([]),
  contents: z.array(textSchema).default([]),
  messages: z.array(z.looseObject({ content: textSchema })).default([]),
});

/** The texts of the result of a call, of a read resource, or of a prompt. */
export function textsOf(result: unknown): string {
  const { isError, content, contents, messages } = resultSchema.parse(result);
  const texts = [...content, ...contents, ...messages.map((message) => message.content)].map(({ text = '' }) => text);
  assert.ok(isError !== true, texts.join('\n'));
  return texts.join('\n');
}

/** The entry of a list with some properties. */
export function find<Entry extends object>(list: readonly Entry[], wanted: Partial<Entry>): Entry {
  const found = list.find((entry) => Object.entries(wanted).every(([key, value]) => Reflect.get(entry, key) === value));
  assert.ok(found !== undefined, `${JSON.stringify(wanted)} in ${JSON.stringify(list)}`);
  return found;
}

/** Expands a URI template whose expressions are single variables (RFC 6570 section 3.2.2). */
export function expand({ uriTemplate }: { uriTemplate: string }, input: Record<string, string>): string {
  return uriTemplate.replace(/\{(\w+)\}/g, (_expression, variable: string) => input[variable] ?? '');
}

/** An entry of a list of the server, of any kind. */
export const entrySchema = z.object({
  name: z.string(),
  title: z.string().optional(),
  uri: z.string().default(''),
  uriTemplate: z.string().default(''),
});
