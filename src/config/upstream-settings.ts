/** The settings `MCP_UPSTREAMS` and `UPSTREAMS_FILE`: how each is read, and the rules that need all of their entries. */
import { readFileSync } from 'node:fs';
import { defined } from '../base/defined.ts';
import { parseJson } from '../base/json.ts';
import { systemCode } from '../base/setting-error.ts';
import { comparableResource } from '../protocol/resource.ts';
import { isLoopbackHost } from '../security/hosts.ts';
import { items } from './kinds.ts';
import type { Kind } from './setting.ts';
import { readUpstreamEntry, type UpstreamEntry } from './upstream-entry.ts';
import type { McpUpstream } from './upstreams.ts';

/** GitHub's own MCP server, which takes tokens of github.com. */
const GITHUB_MCP = { name: 'github', url: 'https://api.githubcopilot.com/mcp/', title: 'GitHub' };
const GITHUB = 'https://github.com';

/** Items separated by commas: `github`, `name=url`, or a url. */
export const upstreamList: Kind<readonly UpstreamEntry[]> = (value, complain) =>
  items(value)
    .map((item, index) => {
      const place = `item ${index + 1}`;
      if (item === GITHUB_MCP.name) return readUpstreamEntry(GITHUB_MCP, place, complain);
      // A url has a colon before its first equals sign.
      const [, name, named] = /^([^:/?#=]*)=(.*)$/s.exec(item) ?? [];
      const url = named ?? item;
      if (/^[a-z][a-z\d+.-]*:/i.test(url)) return readUpstreamEntry(defined({ name, url }), place, complain);
      complain(
        `${place} is neither github nor name=url nor a url`,
        'Write for example github,deploy=https://deploy.example.com/mcp (a comma inside a url as %2C, or in UPSTREAMS_FILE).',
      );
      return undefined;
    })
    .filter((entry) => entry !== undefined);

/** The path of a file that holds a JSON list. */
export const upstreamsFile: Kind<readonly UpstreamEntry[]> = (path, complain) => {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    complain(`the file cannot be read (${code})`, 'Name a file this process may read.');
    return undefined;
  }
  const list = parseJson(content);
  if (Array.isArray(list))
    return list
      .map((value, index) => readUpstreamEntry(value, `entry ${index + 1}`, complain))
      .filter((entry) => entry !== undefined);
  complain(
    list === undefined ? 'the file is not JSON' : 'the file holds no JSON list',
    'Write for example [{"name": "github", "url": "https://api.githubcopilot.com/mcp/"}].',
  );
  return undefined;
};

interface Surroundings {
  /** The entries of each setting. */
  readonly entries: Readonly<Record<'MCP_UPSTREAMS' | 'UPSTREAMS_FILE', readonly UpstreamEntry[]>>;
  /** The bridge's origin. */
  readonly publicUrl: string;
  readonly githubUrl: string;
  /** The value of `RESOURCES`. */
  readonly resources: readonly string[];
  /** The value of `SCOPES`. */
  readonly scopes: readonly string[];
}

/** Checks the entries together and against other settings, and adds what they leave out. */
export function upstreamsOf(
  { entries, publicUrl, githubUrl, resources, scopes }: Surroundings,
  complain: (variable: string, problem: string, remedy: string) => void,
): McpUpstream[] {
  const upstreams: McpUpstream[] = [];
  const others = new Set(resources.map(comparableResource));
  const written = Object.entries(entries).flatMap(([variable, list]) => list.map((entry) => ({ variable, ...entry })));
  for (const { variable, where, ...entry } of written) {
    const report = (problem: string, remedy: string): void => complain(variable, `${where}: ${problem}`, remedy);
    const { name, url, credential } = entry;
    const { hostname, host } = new URL(url);
    if (upstreams.some((each) => each.name === name)) {
      if (name === undefined) report('a second url without a name', 'Give it a name: one server alone can be at /mcp.');
      else report('this name stands twice', 'Keep one of the two, or give it another name.');
    }
    if (isSameServer(url, publicUrl))
      report("url is this bridge's own", 'Leave it out: the bridge cannot stand in front of itself.');
    if (others.has(comparableResource(url)))
      report('url is one of RESOURCES', 'Keep it in one of the two: behind the bridge, or as a server of its own.');
    if (
      credential === 'github' &&
      hostname === new URL(GITHUB_MCP.url).hostname &&
      URL.parse(githubUrl)?.origin !== GITHUB
    )
      report(`${hostname} takes tokens of github.com alone, and GITHUB_URL is another`, serverBeside(githubUrl));
    upstreams.push({ ...entry, title: entry.title ?? name ?? host, scopes: entry.scopes ?? scopes });
  }
  return upstreams;
}

/** Whether two urls lead to one origin; of loopback hosts only the port counts. */
function isSameServer(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  if (a === null || b === null) return false;
  const bothLoopback = isLoopbackHost(a.hostname) && isLoopbackHost(b.hostname);
  return a.origin === b.origin || (bothLoopback && a.port === b.port && a.protocol === b.protocol);
}

/** What to write for another GitHub than github.com. */
function serverBeside(githubUrl: string): string {
  const hostname = URL.parse(githubUrl)?.hostname ?? '';
  // GitHub Enterprise Cloud with data residency has an MCP server of its own.
  if (hostname.endsWith('.ghe.com')) return `Write github=https://copilot-api.${hostname}/mcp.`;
  return 'Write name=url of the MCP server beside the Enterprise Server (github-mcp-server http), such as github=http://github-mcp:8082/.';
}
