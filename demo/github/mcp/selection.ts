/**
 * Which tools a request gets, by its path and its X-MCP-* headers. The rules are those of github-mcp-server (pkg/http,
 * pkg/inventory): `readonly` and the excluded tools win over everything, tools named one by one add to the toolsets, and
 * without toolsets they are all there is. Names are exact. `X-MCP-Lockdown` is about what others wrote in public
 * repositories; it changes no list, and none of the tools here.
 */
import type { McpTool, Toolset } from './tool.ts';
import { TOOLS } from './tools/index.ts';

const DEFAULT_TOOLSETS: readonly Toolset[] = ['context', 'repos', 'issues'];
/** The feature flags that X-MCP-Features may name and that change something here; others are ignored. */
const FEATURES = ['issues_granular', 'remote_mcp_ui_apps'];
/** Those of them that the insiders mode turns on. */
const INSIDERS_FEATURES = ['remote_mcp_ui_apps'];
const FALSE_WORDS = ['', 'false', '0', 'no', 'off', 'n', 'f'];

/** A tool of X-MCP-Tools does not exist. */
export class UnknownTools extends Error {
  override readonly name = 'UnknownTools';
}

export interface Selection {
  readonly tools: ReadonlySet<McpTool>;
  /** Whether the list names the pages of MCP Apps. */
  readonly mcpApps: boolean;
}

/** What the path of a request says. A path below `/mcp` that says nothing is the same as `/mcp`. */
function settingsOfPath(path: string): { toolset: string | undefined; readonly: boolean; insiders: boolean } {
  const [, toolset, readonly, insiders] =
    /^\/mcp(?:\/x\/([^/]+))?(\/readonly)?(\/insiders)?(?:\/.*)?$/.exec(path) ?? [];
  return { toolset, readonly: readonly !== undefined, insiders: insiders !== undefined };
}

/**
 * The tools of a request.
 * @param header gives the value of a header, empty when it was not sent
 * @throws {UnknownTools}
 */
export function selectTools(path: string, header: (name: string) => string): Selection {
  const fromPath = settingsOfPath(path);
  const listed = (name: string) =>
    header(name)
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
  const isOn = (name: string) => !FALSE_WORDS.includes(header(name).trim().toLowerCase());

  const readonly = fromPath.readonly || isOn('X-MCP-Readonly');
  const insiders = fromPath.insiders || isOn('X-MCP-Insiders');
  const toolsets = fromPath.toolset === undefined ? listed('X-MCP-Toolsets') : [fromPath.toolset];
  const named = listed('X-MCP-Tools');
  const excluded = listed('X-MCP-Exclude-Tools');
  const asked = listed('X-MCP-Features').filter((feature) => FEATURES.includes(feature));
  const features = new Set([...asked, ...(insiders ? INSIDERS_FEATURES : [])]);

  const unknown = named.filter((name) => !TOOLS.some((tool) => tool.name === name));
  if (unknown.length > 0) throw new UnknownTools(`unknown tools specified in WithTools: ${unknown.join(', ')}`);

  const enabled = enabledToolsets(toolsets, named);
  const tools = TOOLS.filter((tool) => {
    if (readonly && tool.annotations.readOnlyHint !== true) return false;
    if (tool.onlyWith !== undefined && !features.has(tool.onlyWith)) return false;
    if (tool.notWith !== undefined && features.has(tool.notWith)) return false;
    if (excluded.includes(tool.name)) return false;
    return named.includes(tool.name) || enabled(tool.toolset);
  });
  return { tools: new Set(tools), mcpApps: features.has('remote_mcp_ui_apps') };
}

function enabledToolsets(toolsets: readonly string[], named: readonly string[]): (toolset: Toolset) => boolean {
  if (toolsets.includes('all')) return () => true;
  const wanted = toolsets.length === 0 && named.length === 0 ? ['default'] : toolsets;
  return (toolset) => wanted.includes(toolset) || (wanted.includes('default') && DEFAULT_TOOLSETS.includes(toolset));
}
