/** What the gateway reads in a request: the method and tool for the audit trail, and the id for its own errors. */
import { visit } from 'jsonc-parser';
import { parseJson } from '../base/json.ts';
import { folded } from './tool-filter.ts';

/** Members of one object. A message has a few, `params` has those of its method. */
const MAX_MEMBERS = 1000;
/** Messages of a batch that are described. */
const MAX_DESCRIBED = 20;
/** Characters of a method or tool that are logged; both are the client's text. */
const MAX_LOGGED = 100;

/** A member of an object, with all that the gateway reads of its value. */
export interface Member {
  readonly key: string;
  /** A string, a number, a boolean or null; undefined for an object or a list. */
  value?: unknown;
  /** The value as it stands in the text; undefined for an object or a list. */
  source?: string;
  /** The members of a value that is an object. */
  members?: Member[];
}

/** Thrown out of the parser, to stop it. */
class TooManyMembers extends Error {}

/**
 * The members of the object that a text is; `list` for a batch; undefined for anything else, for what is no JSON, and for what no
 * message looks like.
 */
export type Outline = readonly Member[] | 'list' | undefined;

/**
 * Reads the members of an object and those of the objects in it, every one that is repeated too, and nothing deeper: the time
 * is that of one pass, and no arguments are kept.
 */
export function readOutline(text: string): Outline {
  let outline: Member[] | 'list' | undefined;
  let depth = 0;
  let isBroken = false;
  /** The member whose value comes next, at depth 1 and 2. */
  let [outer, inner]: (Member | undefined)[] = [];
  const begin = (isList: boolean) => {
    if (depth === 0) outline = isList ? 'list' : [];
    if (depth === 1 && outer !== undefined && !isList) outer.members = [];
    inner = undefined;
    depth++;
  };
  const end = () => void depth--;
  try {
    visit(
      text,
      {
        onObjectBegin: () => begin(false),
        onArrayBegin: () => begin(true),
        onObjectEnd: end,
        onArrayEnd: end,
        onObjectProperty(key) {
          const member: Member = { key };
          const members = depth === 1 ? outline : depth === 2 ? outer?.members : undefined;
          if (Array.isArray(members) && members.length >= MAX_MEMBERS) throw new TooManyMembers();
          if (depth === 1 && Array.isArray(outline)) {
            outline.push(member);
            outer = member;
          } else if (depth === 2 && outer?.members !== undefined) {
            outer.members.push(member);
            inner = member;
          }
        },
        onLiteralValue(value, offset, length) {
          const member = depth === 1 ? outer : depth === 2 ? inner : undefined;
          if (member !== undefined) Object.assign(member, { value, source: text.slice(offset, offset + length) });
        },
        onError() {
          isBroken = true;
        },
      },
      { disallowComments: true },
    );
  } catch (error) {
    // The nesting is deeper than the stack.
    if (error instanceof RangeError || error instanceof TooManyMembers) return undefined;
    throw error;
  }
  return isBroken ? undefined : outline;
}

/** What a body asks for. */
export interface Described {
  /**
   * The methods of a batch with commas, behind `batch:`. `response` for an answer to the server, `ambiguous` where parsers read
   * different methods or names, `unreadable` for what cannot be read.
   */
  readonly method: string;
  /** The name in `tools/call`. */
  readonly tool?: string;
}

/** Reads what a body asks for. Nothing is decided by it: that is `tool-calls.ts`, which reads strictly. */
export function describeMessage(body: Buffer): Described {
  const text = body.toString('utf8');
  const outline = readOutline(text);
  if (outline === undefined) return { method: 'unreadable' };
  return outline === 'list' ? describeBatch(text) : describeOutline(outline);
}

function describeOutline(outline: readonly Member[]): Described {
  const methods = named(outline, 'method');
  const names = named(outline, 'params').map(({ members }) => named(members ?? [], 'name'));
  if ([methods, names, ...names].some(({ length }) => length > 1)) return { method: 'ambiguous' };
  const method = methods[0]?.value;
  if (typeof method !== 'string') return { method: 'response' };
  const name = folded(method) === 'tools/call' ? names[0]?.[0]?.value : undefined;
  return typeof name === 'string' ? { method: logged(method), tool: logged(name) } : { method: logged(method) };
}

function describeBatch(text: string): Described {
  const messages: unknown = parseJson(text);
  const described = (Array.isArray(messages) ? messages : [])
    .slice(0, MAX_DESCRIBED)
    .map((message) => describeMessage(Buffer.from(JSON.stringify(message))));
  const list = (items: readonly string[]) => [...new Set(items)].join(',').slice(0, MAX_LOGGED);
  const tools = list(described.flatMap(({ tool }) => tool ?? []));
  const method = `batch:${list(described.map((one) => one.method))}`;
  return tools === '' ? { method } : { method, tool: tools };
}

/** The members that a lenient parser takes for one of this key. */
function named(members: readonly Member[], key: string): Member[] {
  return members.filter((member) => folded(member.key) === key);
}

function logged(text: string): string {
  return text.slice(0, MAX_LOGGED).replace(/[^\x21-\x7e]/g, '?');
}

/**
 * The id of a request as it stands in its bytes, because a large number would lose digits as a JavaScript number.
 * @returns JSON; `null` when there is no id that can be read
 */
export function rawId(body: Buffer): string {
  const outline = readOutline(body.toString('utf8'));
  const id = Array.isArray(outline) ? outline.findLast(({ key }) => key === 'id') : undefined;
  return id?.source !== undefined && ['string', 'number'].includes(typeof id.value) ? id.source : 'null';
}
