/** Which tools of an MCP server may be called and seen: `allowTools` and `denyTools` of its settings. */
import type { McpUpstream } from '../config/upstreams.ts';

/** Whether a tool of this name may be called and seen. */
export type ToolFilter = (name: string) => boolean;

/** Most keys and names; they need no more than `toLowerCase`. */
const VISIBLE_ASCII = /^[\x21-\x7e]*$/;
/** Characters of a text that is compared as lenient parsers do. Unicode's normalization takes quadratic time. */
const MAX_FOLDED = 256;
/** Control characters: servers in C end a text at NUL, others a line at its end. */
const CONTROL = /\p{Cc}/u;

/**
 * Text as lenient parsers compare it: without regard to case, width, compatibility forms and invisible characters. Go's JSON
 * decoder takes `NAME` for `name`, and U+017F for `s`. Case is folded by way of both cases, because some letters differ in one
 * of them only; of the two small sigmas one is taken.
 * @returns the text itself when it is too long to be any name that is looked for
 */
export function folded(text: string): string {
  if (VISIBLE_ASCII.test(text)) return text.toLowerCase();
  if (text.length > MAX_FOLDED) return text;
  return text
    .normalize('NFKC')
    .replace(/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('\u03c2', '\u03c3')
    .normalize('NFKC');
}

/**
 * The filter of an MCP server; undefined when it has none. `*` at the end of a name stands for any end; deny wins. A name with
 * a control character is never allowed, because it can be another name for the server, and none that is too long to compare.
 */
export function createToolFilter({
  allowTools,
  denyTools,
}: Pick<McpUpstream, 'allowTools' | 'denyTools'>): ToolFilter | undefined {
  if (allowTools === undefined && denyTools.length === 0) return undefined;
  const isAllowed = allowTools === undefined ? () => true : matcher(allowTools);
  const isDenied = matcher(denyTools);
  return (name) => {
    if (CONTROL.test(name) || (name.length > MAX_FOLDED && !VISIBLE_ASCII.test(name))) return false;
    const comparable = folded(name);
    return isAllowed(comparable) && !isDenied(comparable);
  };
}

function matcher(patterns: readonly string[]): (comparable: string) => boolean {
  const all = patterns.map((pattern) => ({ text: folded(pattern.replace(/\*$/, '')), open: pattern.endsWith('*') }));
  return (comparable) => all.some(({ text, open }) => (open ? comparable.startsWith(text) : comparable === text));
}
