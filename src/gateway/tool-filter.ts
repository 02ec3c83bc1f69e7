/** Which tools of an MCP server may be called and seen: `allowTools` and `denyTools` of its settings. */
import type { McpUpstream } from '../config/upstreams.ts';

/** Whether a tool of this name may be called and seen. */
export type ToolFilter = (name: string) => boolean;

/**
 * Text as lenient parsers compare it: without regard to case, width, compatibility forms and invisible characters. Go's JSON
 * decoder takes `NAME` for `name`.
 */
export function folded(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, '')
    .toLowerCase()
    .normalize('NFKC');
}

/** The filter of an MCP server; undefined when it has none. `*` at the end of a name stands for any end; deny wins. */
export function createToolFilter({
  allowTools,
  denyTools,
}: Pick<McpUpstream, 'allowTools' | 'denyTools'>): ToolFilter | undefined {
  if (allowTools === undefined && denyTools.length === 0) return undefined;
  const isAllowed = allowTools === undefined ? () => true : matcher(allowTools);
  const isDenied = matcher(denyTools);
  return (name) => {
    const comparable = folded(name);
    return isAllowed(comparable) && !isDenied(comparable);
  };
}

function matcher(patterns: readonly string[]): (comparable: string) => boolean {
  const all = patterns.map((pattern) => ({ text: folded(pattern.replace(/\*$/, '')), open: pattern.endsWith('*') }));
  return (comparable) => all.some(({ text, open }) => (open ? comparable.startsWith(text) : comparable === text));
}
