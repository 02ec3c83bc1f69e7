/** What is said at the start: the addresses of the bridge, as text for a terminal, and as the first line of the log. */
import { VERSION } from './base/version.ts';
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

/** The facts of the banner as a line of the log, for programs and for who has no terminal. */
export function startedLine(config: Config, storeKind: 'sqlite' | 'redis'): Record<string, unknown> {
  const { publicUrl, github, dataDir } = config;
  return {
    event: 'started',
    version: VERSION,
    issuer: publicUrl,
    callbackUrl: `${publicUrl}/github/callback`,
    mcp: mcpRows(config).map(([, address]) => address),
    account: `${publicUrl}/account`,
    github: github.url,
    store: storeKind,
    ...(storeKind === 'sqlite' ? { dataDir } : {}),
  };
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
