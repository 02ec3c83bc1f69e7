// The clients of both SDKs.

import { Person } from '../support/person.ts';
import { connectV1, connectV2, ERAS, type SdkTransport } from '../support/sdk-clients.ts';
import { type Connected, exercise, type LoggedIn, mainVersionOf, profileLoginOf, type Row } from './client.ts';
import type { Demo } from './demo.ts';

const TRANSPORTS: readonly SdkTransport[] = ['Streamable HTTP', 'SSE'];

export const sdkV1: Row[] = TRANSPORTS.map((transport) => ({
  client: 'SDK v1, client_secret_post',
  version: mainVersionOf('@modelcontextprotocol/sdk'),
  transport,
  run: (demo) => exercise(demo, connectSdkV1(demo, transport)),
}));

export const sdkV2: Row[] = ERAS.map(({ name, mode }) => ({
  client: `SDK v2, protocol ${name}`,
  version: mainVersionOf('@modelcontextprotocol/client'),
  transport: 'Streamable HTTP',
  async run(demo) {
    const person = new Person('octocat');
    const { client } = await connectV2(demo.url, 'Streamable HTTP', mode, person);
    return exercise(demo, Promise.resolve(connected(person, client)));
  },
}));

async function connectSdkV1(demo: Demo, transport: SdkTransport): Promise<Connected> {
  const person = new Person('octocat');
  const { client } = await connectV1(demo.url, transport, person);
  return connected(person, client);
}

/** The common part of the clients of both SDKs. */
interface SdkClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string }): Promise<unknown>;
  close(): Promise<void>;
}

export function connected(person: Person, client: SdkClient): Connected {
  return {
    ...loggedIn(person, client),
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    profileLogin: async () => profileLoginOf(await client.callTool({ name: 'get_user_profile' })),
  };
}

export function loggedIn(person: Person, client: Pick<SdkClient, 'close'>): LoggedIn {
  return {
    clientId: () => person.lastAsked.get('client_id') ?? '',
    logins: () => person.asked.length,
    close: () => client.close(),
  };
}
