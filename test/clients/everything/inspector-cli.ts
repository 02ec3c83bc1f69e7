// MCP Inspector's command line client at server-everything: each command initializes a session, and leaves it behind.

import { z } from 'zod';
import { type Row, versionOf } from '../client.ts';
import type { Demo } from '../demo.ts';
import { connectInspectorCli } from '../inspector-cli.ts';
import { type AtEverything, entrySchema, exerciseEverything, expand, find, textsOf } from './exercise.ts';
import { PATH } from './server.ts';

const answerSchema = z.object({ result: z.record(z.string(), z.unknown()) });

export const inspectorCliAtEverything: Row[] = [
  {
    client: 'MCP Inspector CLI: server-everything',
    version: versionOf('@modelcontextprotocol/inspector'),
    transport: 'Streamable HTTP',
    run: (demo, server) => exerciseEverything(demo, server, connect(demo)),
  },
];

async function connect(demo: Demo): Promise<AtEverything> {
  const { command, ...rest } = await connectInspectorCli(demo, 'http', PATH);
  const ask = async (method: string, ...args: string[]) =>
    answerSchema.parse(await command('--method', method, ...args)).result;
  const list = async (method: string, member: string) => z.array(entrySchema).parse((await ask(method))[member]);
  const read = async (uri: string) => textsOf(await ask('resources/read', '--uri', uri));
  return {
    ...rest,
    sessions: 'each call',
    toolNames: async () => (await list('tools/list', 'tools')).map(({ name }) => name),
    async call(tool, input = {}) {
      return textsOf(await ask('tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(input)));
    },
    read: async (name) => read(find(await list('resources/list', 'resources'), { name }).uri),
    async readByTemplate(name, input) {
      const template = find(await list('resources/templates/list', 'resourceTemplates'), { name });
      return read(expand(template, input));
    },
    async prompt(title, input) {
      const { name } = find(await list('prompts/list', 'prompts'), { title });
      const args = Object.entries(input).map(([key, value]) => `${key}=${value}`);
      return textsOf(await ask('prompts/get', '--prompt-name', name, '--prompt-args', ...args));
    },
  };
}
