/**
 * Reads a request strictly, where tools are filtered. What is decided here must hold for every parser that an MCP server may
 * have, so a body whose meaning could differ between parsers is refused.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { type Member, readOutline } from './message.ts';
import { Refusal, RPC } from './refusal.ts';
import { folded, type ToolFilter } from './tool-filter.ts';

const JSON_TYPE = /^application\/json\s*(?:;\s*charset=(?:utf-?8|"utf-?8")\s*)?$/i;
/** A method that is the same text for every server: others could end at NUL, or compare letters in their own way. */
const METHOD = /^[\x21-\x7e]+$/;
/** A header value that could not be sent as it is (MCP 2026-07-28, "Value Encoding"), and what somebody may take for one. */
const ENCODED = /^=\?base64\?(.*)\?=$/;
const LIKE_ENCODED = /^\s*=\?.*\?=\s*$/s;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Checks the request of a filtered MCP server.
 * @returns the method in lower case; empty for a body that is an answer, or missing
 * @throws {Refusal} when it calls a tool that may not be called, can be read in two ways, or is no JSON-RPC message
 */
export function checkToolCall(body: Buffer, headers: IncomingHttpHeaders, allows: ToolFilter): string {
  if (body.length === 0) {
    if (headers['mcp-method'] !== undefined || headers['mcp-name'] !== undefined)
      throw mismatch('the request has no body');
    return '';
  }
  if (!JSON_TYPE.test(headers['content-type'] ?? ''))
    throw new Refusal(415, 'refused', 'the body must be application/json in UTF-8');
  const message = readMessage(body);
  const method = methodOf(message.get('method'));
  const params = paramsOf(message.get('params'));
  const name = params.get('name')?.value;
  checkHeaders(headers, method, name ?? params.get('uri')?.value ?? params.get('taskid')?.value);
  if (method?.toLowerCase() === 'tools/call' && !(typeof name === 'string' && allows(name)))
    throw new Refusal(
      200,
      'denied',
      `Unknown tool: ${typeof name === 'string' ? name.slice(0, 100) : 'it has no name'}`,
      { code: RPC.invalidParams },
    );
  return method?.toLowerCase() ?? '';
}

/** The members of the only message in a body. @throws {Refusal} when it is none, or its meaning could differ */
function readMessage(body: Buffer): Map<string, Member> {
  let text: string;
  try {
    text = utf8.decode(body);
    // The grammar is checked by a parser that takes nothing but JSON: no comments, no NaN, no byte order mark.
    JSON.parse(text);
  } catch {
    // Without the error as its cause, which quotes the body: the cause is logged.
    throw new Refusal(400, 'refused', 'the body must be one JSON document', { code: RPC.parseError });
  }
  const outline = readOutline(text);
  if (outline === 'list') throw new Refusal(400, 'refused', 'batches are not taken here: send each message by itself');
  if (outline === undefined) throw new Refusal(400, 'refused', 'the body must be a JSON-RPC message');
  for (const { members } of outline) if (members !== undefined) byKey(members);
  return byKey(outline);
}

/**
 * Members by folded key.
 * @throws {Refusal} when two keys are one for a lenient parser, a key ends early for servers in C, or names the prototype of
 *   JavaScript's objects
 */
function byKey(members: readonly Member[]): Map<string, Member> {
  const found = new Map<string, Member>();
  for (const member of members) {
    const key = folded(member.key);
    if (found.has(key) || key === '__proto__' || /\p{Cc}/u.test(member.key))
      throw new Refusal(400, 'refused', 'a key stands twice in the message, or can be read in two ways');
    found.set(key, member);
  }
  return found;
}

function methodOf(member: Member | undefined): string | undefined {
  if (member === undefined) return undefined;
  if (typeof member.value === 'string' && METHOD.test(member.value)) return member.value;
  throw new Refusal(400, 'refused', 'method must be a string of visible ASCII characters');
}

function paramsOf(member: Member | undefined): Map<string, Member> {
  if (member === undefined || member.value === null) return new Map();
  if (member.members === undefined) throw new Refusal(400, 'refused', 'params must be an object');
  return byKey(member.members);
}

/** @throws {Refusal} when a header says something else than the body (MCP 2026-07-28, "Server Validation") */
function checkHeaders(headers: IncomingHttpHeaders, method: string | undefined, name: unknown): void {
  const [methodHeader, nameHeader] = [headers['mcp-method'], headers['mcp-name']];
  if (methodHeader !== undefined && methodHeader !== method) throw mismatch('Mcp-Method is not the method of the body');
  if (nameHeader !== undefined && decoded(String(nameHeader)) !== name)
    throw mismatch('Mcp-Name is not the name in the body');
}

/** The value of a header; undefined when it is encoded badly, or in a way that only some servers would decode. */
function decoded(value: string): string | undefined {
  const encoded = ENCODED.exec(value)?.[1];
  if (encoded === undefined) return LIKE_ENCODED.test(value) ? undefined : value;
  const bytes = Buffer.from(encoded, 'base64');
  const isExact = bytes.toString('base64') === encoded && isUtf8(bytes);
  return isExact ? bytes.toString('utf8') : undefined;
}

function mismatch(problem: string): Refusal {
  return new Refusal(400, 'refused', problem, { code: RPC.headerMismatch });
}
