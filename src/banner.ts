/** The text that is printed at the start: the addresses of the bridge. */
import type { Config } from './config/config.ts';
import { upstreamPath } from './config/upstreams.ts';

/** @returns the banner with a line feed at both ends */
export function banner(config: Config, storeKind: 'sqlite' | 'redis'): string {
  const { publicUrl, github } = config;
  const rows: [string, string][] = [
    ['Issuer', publicUrl],
    ['Callback URL at GitHub', `${publicUrl}/github/callback`],
    ...mcpRows(config),
    ['Connect a client', `${publicUrl}/`],
    ['Account page', `${publicUrl}/account`],
    ['GitHub', github.url],
    ['Store', storeKind === 'redis' ? 'Redis' : `SQLite in ${config.dataDir}`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return `\nmcp-github-bridge is ready.\n\n${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}\n\n`;
}

/** The addresses of MCP: the built-in tools, and the MCP servers behind the bridge. */
function mcpRows({ publicUrl, upstreams }: Config): [string, string][] {
  const behind = upstreams.map((upstream): [string, string] => [
    'MCP (Streamable HTTP)',
    `${publicUrl}${upstreamPath(upstream)} → ${new URL(upstream.url).host}`,
  ]);
  if (upstreams.some(({ name }) => name === undefined)) return behind;
  return [['MCP (Streamable HTTP)', `${publicUrl}/mcp`], ['MCP (HTTP+SSE)', `${publicUrl}/sse`], ...behind];
}
