// MCP Inspector's command line client: each command is a process of its own, which reads the tokens that the last one stored.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { freePort } from '../support/ports.ts';
import { type Connected, exercise, profileLoginOf, type Row, versionOf } from './client.ts';
import type { Demo } from './demo.ts';
import { Onlooker, programOf, run } from './programs.ts';

const toolsSchema = z.object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) });
const callSchema = z.object({ result: z.unknown() });

export const inspectorCli: Row[] = (['http', 'sse'] as const).map((transport) => ({
  client: 'MCP Inspector CLI',
  version: versionOf('@modelcontextprotocol/inspector'),
  transport: transport === 'sse' ? 'SSE' : 'Streamable HTTP',
  run: (demo) => exercise(demo, connectInspectorCli(demo, transport)),
}));

export async function connectInspectorCli(
  demo: Demo,
  transport: 'http' | 'sse' = 'http',
  path = transport === 'sse' ? '/sse' : '/mcp',
): Promise<Connected & { command(...args: string[]): Promise<unknown> }> {
  const home = mkdtempSync(join(tmpdir(), 'bridge-inspector-cli-'));
  const onlooker = await Onlooker.start();
  const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
  const env = onlooker.environment(home, { MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' });
  const target = [`${demo.url}${path}`, '--transport', transport];
  const command = async (...args: string[]): Promise<unknown> => {
    const all = ['--cli', ...target, '--callback-url', callback, '--format', 'json', ...args];
    return JSON.parse(await run(programOf('mcp-inspector'), all, env));
  };
  return {
    command,
    clientId: () => onlooker.clientId,
    logins: () => onlooker.asked.length,
    async toolNames() {
      return toolsSchema.parse(await command('--method', 'tools/list')).result.tools.map(({ name }) => name);
    },
    async profileLogin() {
      const answer = await command('--method', 'tools/call', '--tool-name', 'get_user_profile');
      return profileLoginOf(callSchema.parse(answer).result);
    },
    async close() {
      await onlooker.leave();
      rmSync(home, { recursive: true });
    },
  };
}
