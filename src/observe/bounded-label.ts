/** Labels of metrics that have few values: each value is a series, which Prometheus keeps for weeks. */
import { STATUS_CODES } from 'node:http';

/** The label of all that has no label of its own. */
const OTHER = 'other';
/** Methods, routes, and names of rate limits that have a label. */
const MAX_VALUES = 100;
/** Folders of GitHub's whose next segments, so many of them, are words of GitHub's and not names. */
const WORDS: ReadonlyMap<string, number> = new Map([
  ['user', 1],
  ['search', 1],
  ['login', 2],
]);

/** Creates the values of a label: the first {@link MAX_VALUES} that appear in this process, and `other` for the rest. */
export function boundedLabel(): (value: string) => string {
  const values = new Set<string>();
  return (value) => {
    if (values.has(value)) return value;
    if (values.size >= MAX_VALUES) return OTHER;
    values.add(value);
    return value;
  };
}

/**
 * The pattern of a route of GitHub's API, which names nobody. A pattern of Octokit stays as it is; of a path that is written
 * out, or is that of a next page, the segments that may be names are replaced by `{}`.
 * @param route a method and a path, or a method and a URL
 */
export function routePattern(route: string): string {
  const [method = '', address = ''] = route.split(' ');
  if (address.includes('{')) return route;
  const path = (URL.parse(address)?.pathname ?? address).replace(/^\/api\/v3(?=\/)/, '');
  const [first = '', ...others] = path.split('/').slice(1);
  const words = WORDS.get(first) ?? 0;
  return `${method} /${[first, ...others.map((segment, index) => (index < words ? segment : '{}'))].join('/')}`;
}

/** Why an access token was refused, of three: it expired, its session is over, or it is not for this resource, or not ours. */
export function tokenRefusal(reason: string): 'expired' | 'session_over' | 'not_valid_here' {
  if (reason === 'expired' || reason.startsWith('"exp"')) return 'expired';
  return reason === 'its grant has ended' ? 'session_over' : 'not_valid_here';
}

/** A status that HTTP does not define counts by its class: an MCP server may send any, and each would be a series. */
export function statusLabel(status: number): string {
  return STATUS_CODES[status] === undefined ? `${Math.floor(status / 100)}xx` : String(status);
}
