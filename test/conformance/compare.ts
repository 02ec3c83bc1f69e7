// Compares two runs of the suite, check by check: what it found at a server directly, and through the bridge.
import { isDeepStrictEqual } from 'node:util';
import { type Check, messageOf } from './suite.ts';

/** A run of the suite. */
export interface Run {
  /** The address that the suite was given. */
  readonly url: string;
  readonly checks: readonly Check[];
}

/** How the bridge was passed. */
export interface Way {
  /** Whether tools are filtered there. */
  readonly filtered: boolean;
}

/**
 * Values that differ from run to run, by name; only their type is compared. The suite numbers its subscriptions by the clock,
 * ids of sessions and tasks are random (and the bridge puts a MAC in front of a session's), and a `requestState` is sealed with
 * its time.
 */
const PER_RUN = new Set([
  'io.modelcontextprotocol/subscriptionId',
  'subscriptionId',
  'mcp-session-id',
  'sessionId',
  'sessionIdSent',
  'requestState',
  'taskId',
]);
/** The headers of an answer that the bridge passes on; it adds its own, and Node those of the connection. */
const PASSED_HEADERS = /^(?:content-type|cache-control|retry-after|allow|mcp-.*)$/;
/** JSON-RPC: header and body contradict each other (MCP 2026-07-28). */
const HEADER_MISMATCH = -32020;

/**
 * Compares the checks of two runs, by scenario, id and position: their status, what the suite says, and the details that it
 * wrote down, which are mostly the answers of the server. What a bridge answers itself is compared without its words: the
 * refusal of a foreign Host or Origin, and, where tools are filtered, of headers that contradict the body.
 * @returns each difference in one line
 */
export function differences(direct: Run, bridged: Run, way: Way): string[] {
  const [left, right] = [byPosition(direct, way), byPosition(bridged, way)];
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return keys.flatMap((key) => {
    const [one, other] = [left.get(key), right.get(key)];
    if (one === undefined || other === undefined)
      return `${key}: ${shown(one)} directly, ${shown(other)} through the bridge`;
    const parts = (['name', 'status', 'message', 'details'] as const).filter(
      (part) => !isDeepStrictEqual(one[part], other[part]),
    );
    return parts.map(
      (part) => `${key}: ${part} is ${shown(one[part])} directly, ${shown(other[part])} through the bridge`,
    );
  });
}

interface Comparable {
  readonly name: string;
  readonly status: string;
  readonly message: unknown;
  readonly details: unknown;
}

/** The checks of a run by scenario, id, and how many of that id came before. */
function byPosition({ url, checks }: Run, way: Way): Map<string, Comparable> {
  const found = new Map<string, Comparable>();
  for (const check of checks) {
    const { scenario, id, name, status, details } = check;
    let position = 1;
    while (found.has(`${scenario}:${id}#${position}`)) position++;
    const comparable = (value: unknown) => withoutRun(value, url, { scenario, ...way });
    found.set(`${scenario}:${id}#${position}`, {
      name,
      status,
      message: comparable(messageOf(check)),
      details: comparable(details),
    });
  }
  return found;
}

/** Where a value was seen. */
interface Where extends Way {
  readonly scenario: string;
}

/** A value of the suite without what differs from run to run. */
function withoutRun(value: unknown, url: string, where: Where): unknown {
  const { host } = new URL(url);
  const visit = (inner: unknown): unknown => {
    if (typeof inner === 'string') return inner.replaceAll(url, '<url>').replaceAll(host, '<host>');
    if (Array.isArray(inner)) return inner.map(visit);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(membersOf(inner, where).map(([key, member]) => [key, perRun(key, visit(member))]));
  };
  return visit(value);
}

function perRun(key: string, value: unknown): unknown {
  return PER_RUN.has(key) ? `<${typeof value}>` : value;
}

/** The members that are compared. */
function membersOf(object: object, { scenario, filtered }: Where): [string, unknown][] {
  const members = Object.entries(object);
  const has = (key: string, value?: unknown) =>
    members.some(([name, member]) => name === key && (value === undefined || member === value));
  // The bridge refuses a foreign Host itself.
  if (scenario === 'dns-rebinding-protection' && has('hostHeader', 'evil.example.com'))
    return members.filter(([key]) => key !== 'body');
  // The suite polls a task until it is done, and counts the messages.
  if (scenario.startsWith('tasks-') && has('messagesValidated'))
    return members.filter(([key]) => key !== 'messagesValidated');
  // Three requests at a time arrive in any order, and get the ids of their events in it.
  if (scenario === 'server-sse-multiple-streams' && has('data'))
    return members.map(([key, member]) => [key, key === 'id' ? `<${typeof member}>` : member]);
  if (filtered && has('code', HEADER_MISMATCH)) return members.filter(([key]) => key === 'code');
  if (has('statusCode') && has('headers'))
    return members.map(([key, member]) => [key, key === 'headers' ? passedHeaders(member) : member]);
  return members;
}

function passedHeaders(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED_HEADERS.test(name)));
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
}
