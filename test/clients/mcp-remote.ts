// mcp-remote: a program that connects a client that supports only stdio (here the SDK's) with the bridge.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/ports.ts';
import { Client, type ClientCapabilities, StdioClientTransport } from '../support/sdk-clients.ts';
import { type Connected, exercise, profileLoginOf, type Row, versionOf } from './client.ts';
import type { Demo } from './demo.ts';
import { endWithUs, Onlooker, programOf } from './programs.ts';

export const mcpRemote: Row[] = (['http-only', 'sse-only'] as const).map((transport) => ({
  client: 'mcp-remote',
  version: versionOf('mcp-remote'),
  transport: transport === 'sse-only' ? 'SSE' : 'Streamable HTTP',
  run: (demo) => exercise(demo, connectMcpRemote(demo, { transport })),
}));

export interface McpRemoteOptions {
  readonly transport?: 'http-only' | 'sse-only';
  /** The path of the resource; `/mcp`, or `/sse` for SSE, by default. */
  readonly path?: string;
  /** Those of the client that it connects. */
  readonly capabilities?: ClientCapabilities;
  /** Its folder for registrations and tokens, its port, and the person who uses it; all new by default. */
  readonly desk?: Desk;
}

export interface Desk {
  readonly home: string;
  readonly port: number;
  readonly onlooker: Onlooker;
  clear(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const home = mkdtempSync(join(tmpdir(), 'bridge-mcp-remote-'));
  const onlooker = await Onlooker.start();
  return {
    home,
    port: await freePort(),
    onlooker,
    async clear() {
      await onlooker.leave();
      rmSync(home, { recursive: true });
    },
  };
}

export async function connectMcpRemote(
  demo: Demo,
  { transport = 'http-only', path, capabilities = {}, desk }: McpRemoteOptions = {},
): Promise<Connected & { client: Client; onlooker: Onlooker }> {
  const { home, port, onlooker, clear } = desk ?? (await openDesk());
  const stdio = new StdioClientTransport({
    command: process.execPath,
    args: [programOf('mcp-remote'), ...mcpRemoteArguments(demo, port, transport, path)],
    env: onlooker.environment(home, { MCP_REMOTE_CONFIG_DIR: home }),
    stderr: 'ignore',
  });
  const client = new Client({ name: 'stdio-client', version: '1.0.0' }, { capabilities });
  endWithUs(() => stdio.pid);
  await client.connect(stdio);
  return {
    client,
    onlooker,
    clientId: () => onlooker.clientId,
    logins: () => onlooker.asked.length,
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    profileLogin: async () => profileLoginOf(await client.callTool({ name: 'get_user_profile' })),
    async close() {
      await client.close();
      if (desk === undefined) await clear();
    },
  };
}

export function mcpRemoteArguments(
  demo: Demo,
  port: number,
  transport: 'http-only' | 'sse-only',
  path = transport === 'sse-only' ? '/sse' : '/mcp',
): string[] {
  return [`${demo.url}${path}`, String(port), '--transport', transport];
}
