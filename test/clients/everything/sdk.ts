// The clients of the SDKs at server-everything, and mcp-remote, which one of them drives.

import { Person } from '../../support/person.ts';
import { connectV1, connectV2, ERAS } from '../../support/sdk-clients.ts';
import { type LoggedIn, mainVersionOf, type Row, versionOf } from '../client.ts';
import { Demo } from '../demo.ts';
import { connectMcpRemote } from '../mcp-remote.ts';
import { connectOpenmcp } from '../openmcp.ts';
import { loggedIn } from '../sdk.ts';
import { type AtEverything, exerciseEverything, expand, find, textsOf } from './exercise.ts';
import { NAME, PATH } from './server.ts';

const SERVER = { path: PATH, capabilities: { sampling: {}, elicitation: {}, roots: {} } };
const ROOT = 'file:///home/octocat/spoon-knife';

/** A message of the server. */
interface Message {
  readonly method: string;
  readonly params?: Record<string, unknown> | undefined;
}

/** What the clients of all SDKs have in common. */
interface SdkClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  listResources(): Promise<{ resources: { name: string; uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { name: string; uriTemplate: string }[] }>;
  readResource(params: { uri: string }): Promise<unknown>;
  listPrompts(): Promise<{ prompts: { name: string; title?: unknown }[] }>;
  getPrompt(params: { name: string; arguments: Record<string, string> }): Promise<unknown>;
  complete(params: Completion): Promise<{ completion: { values: string[] } }>;
  setLoggingLevel(level: 'debug' | 'emergency'): Promise<unknown>;
  subscribeResource(params: { uri: string }): Promise<unknown>;
  close(): Promise<void>;
}

/** A type, because the SDK of openmcp-client takes no interface here. */
type Completion = { ref: { type: 'ref/prompt'; name: string }; argument: { name: string; value: string } };

/** `callTool`, which has other parameters in each SDK. */
type CallTool = (
  call: { name: string; arguments: Record<string, unknown> },
  options?: { onprogress?: () => void; signal?: AbortSignal },
) => Promise<unknown>;

export const sdksAtEverything: Row[] = [
  {
    client: 'openmcp-client 0.1.7, by its SDK: server-everything in place of the tools',
    version: versionOf('@modelcontextprotocol/sdk'),
    transport: 'Streamable HTTP',
    // Its tokens are for /mcp, because it names no resource, so there the server must be.
    run: (_demo, server) =>
      Demo.during(
        (demo) => {
          const connecting = connectOpenmcp(demo, 'Streamable HTTP').then(({ client, ...rest }) =>
            at(rest, client, (call, options) => client.callTool(call, undefined, options)),
          );
          return exerciseEverything(demo, server, connecting);
        },
        { UPSTREAMS_FILE: server.upstreamsFile() },
      ),
  },
  {
    client: 'mcp-remote: server-everything',
    version: versionOf('mcp-remote'),
    transport: 'Streamable HTTP',
    // It refuses to refresh 20 times in 30 seconds, which it would with the tokens of the common demo.
    run: (_demo, server) =>
      Demo.during(
        (demo) => {
          const connecting = connectMcpRemote(demo, SERVER).then(({ client, ...rest }) => {
            const callTool: CallTool = (call, options) => client.callTool(call, options);
            // The first session is that of its own probe.
            const quirks = { sessions: 2, refreshesAhead: 60 };
            return { ...at(rest, client, callTool), ...answering(client, callTool), ...quirks };
          });
          return exerciseEverything(demo, server, connecting);
        },
        { UPSTREAMS_FILE: server.upstreamsFile(NAME) },
        68,
      ),
  },
  row('SDK v1', mainVersionOf('@modelcontextprotocol/sdk'), async (demo) => {
    const person = new Person('octocat');
    const { client, endSession } = await connectV1(demo.url, 'Streamable HTTP', person, SERVER);
    const callTool: CallTool = (call, options) => client.callTool(call, undefined, options);
    return { ...at(loggedIn(person, client), client, callTool), ...answering(client, callTool), endSession };
  }),
  ...ERAS.map(({ name, mode }) =>
    row(`SDK v2, protocol ${name}`, mainVersionOf('@modelcontextprotocol/client'), async (demo) => {
      const person = new Person('octocat');
      const { client, endSession } = await connectV2(demo.url, 'Streamable HTTP', mode, person, SERVER);
      const callTool: CallTool = (call, options) => client.callTool(call, options);
      return { ...at(loggedIn(person, client), client, callTool), ...answering(client, callTool), endSession };
    }),
  ),
];

function row(client: string, version: string, connect: (demo: Demo) => Promise<AtEverything>): Row {
  return {
    client: `${client}: server-everything`,
    version,
    transport: 'Streamable HTTP',
    run: (demo, server) => exerciseEverything(demo, server, connect(demo)),
  };
}

/** What the clients of all SDKs can do. */
function at(base: LoggedIn, client: SdkClient, callTool: CallTool): AtEverything {
  const call = (name: string, input: Record<string, unknown>) => callTool({ name, arguments: input });
  const resource = async (name: string) => find((await client.listResources()).resources, { name });
  const notified: Message[] = [];
  const fallbackNotificationHandler = async (notification: Message) => void notified.push(notification);
  // Not in the interface, because the parameters of its type differ.
  Object.assign(client, { fallbackNotificationHandler });
  return {
    ...base,
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (tool, input = {}) => textsOf(await call(tool, input)),
    read: async (name) => textsOf(await client.readResource({ uri: (await resource(name)).uri })),
    async readByTemplate(name, input) {
      const template = find((await client.listResourceTemplates()).resourceTemplates, { name });
      return textsOf(await client.readResource({ uri: expand(template, input) }));
    },
    async prompt(title, input) {
      const { name } = find((await client.listPrompts()).prompts, { title });
      return textsOf(await client.getPrompt({ name, arguments: input }));
    },
    async complete(title, argument, begun) {
      const { name } = find((await client.listPrompts()).prompts, { title });
      const ref = { type: 'ref/prompt', name } as const;
      return (await client.complete({ ref, argument: { name: argument, value: begun } })).completion.values;
    },
    callWithProgress: async (name, input, onprogress) =>
      textsOf(await callTool({ name, arguments: input }, { onprogress })),
    async callAndCancel(name, input) {
      const cancelling = new AbortController();
      const onprogress = () => cancelling.abort();
      const calling = callTool({ name, arguments: input }, { onprogress, signal: cancelling.signal });
      await calling.then(
        () => Promise.reject(new Error('the call was not cancelled')),
        (error: unknown) => {
          if (!cancelling.signal.aborted) throw error;
        },
      );
    },
    notifications: {
      setLevel: async (level) => void (await client.setLoggingLevel(level)),
      subscribe: async (name) => void (await client.subscribeResource({ uri: (await resource(name)).uri })),
      logs: async () => of('notifications/message').map(({ params }) => String(params?.data)),
      updates: async () => of('notifications/resources/updated').length,
    },
  };

  function of(method: string): Message[] {
    return notified.filter((notification) => notification.method === method);
  }
}

/** The client answers what the server asks of it. */
function answering(
  client: SdkClient,
  callTool: CallTool,
): Pick<AtEverything, 'callWithSampling' | 'callWithElicitation' | 'root'> {
  const answers = new Map<string, Record<string, unknown>>([['roots/list', { roots: [{ uri: ROOT }] }]]);
  Object.assign(client, {
    async fallbackRequestHandler({ method }: Message) {
      const answer = answers.get(method);
      if (answer === undefined) throw new Error(`the server asks for ${method}`);
      return answer;
    },
  });
  return {
    root: ROOT,
    async callWithSampling(name, input, reply) {
      const content = { type: 'text', text: reply };
      answers.set('sampling/createMessage', { model: 'test-model', role: 'assistant', content });
      return textsOf(await callTool({ name, arguments: input }));
    },
    async callWithElicitation(tool, name) {
      answers.set('elicitation/create', { action: 'accept', content: { name } });
      return textsOf(await callTool({ name: tool, arguments: {} }));
    },
  };
}
