/**
 * Reads a request strictly, where tools are filtered. What is decided here must hold for every parser that an MCP server may
 * have, so a body whose meaning could differ between parsers is refused.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { visit } from 'jsonc-parser';
import { z } from 'zod';
import { Refusal, RPC } from './refusal.ts';
import { folded, type ToolFilter } from './tool-filter.ts';

const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;
/** A header value that could not be sent as it is (MCP 2026-07-28, "Value Encoding"). */
const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const objectSchema = z.record(z.string(), z.unknown());

/**
 * Checks the request of a filtered MCP server.
 * @returns the method, folded; empty for a body that is an answer, or missing
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
  const method = textOf(message.method, 'method');
  const params = message.params === undefined ? new Map<string, unknown>() : membersOf(message.params);
  const name = params.get('name');
  // What `Mcp-Name` repeats: of tools and prompts, of resources, and of tasks (SEP-2663, "Routing Headers").
  checkHeaders(headers, method, name ?? params.get('uri') ?? params.get('taskid'));
  if (method === undefined) return '';
  if (folded(method) === 'tools/call' && !(typeof name === 'string' && allows(name)))
    throw new Refusal(
      200,
      'denied',
      `Unknown tool: ${typeof name === 'string' ? name.slice(0, 100) : 'it has no name'}`,
      {
        code: RPC.invalidParams,
      },
    );
  return folded(method);
}

/** The members `method` and `params` of the only message in a body. */
function readMessage(body: Buffer): { method: unknown; params: unknown } {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(body);
    value = JSON.parse(text);
    refuseRepeatedKeys(text);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, 'refused', 'the body must be one JSON document', { code: -32700, cause: error });
  }
  if (Array.isArray(value))
    throw new Refusal(400, 'refused', 'batches are not taken here: send each message by itself');
  const members = membersOf(value);
  return { method: members.get('method'), params: members.get('params') };
}

/**
 * The members of an object by folded key.
 * @throws {Refusal} when it is no object, or two keys are one for a lenient parser
 */
function membersOf(value: unknown): Map<string, unknown> {
  const object = objectSchema.safeParse(value);
  if (!object.success) throw new Refusal(400, 'refused', 'the body must be a JSON-RPC message');
  const members = new Map<string, unknown>();
  for (const [key, member] of Object.entries(object.data)) {
    if (members.has(folded(key))) throw ambiguous();
    members.set(folded(key), member);
  }
  return members;
}

/** Refuses a message that has a key twice, at its top or in `params`: parsers differ in which one counts. */
function refuseRepeatedKeys(text: string): void {
  const open: Set<string>[] = [];
  visit(text, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty(key) {
      const keys = open.at(-1);
      if (open.length <= 2 && keys?.has(key)) throw ambiguous();
      keys?.add(key);
    },
  });
}

/** @throws {Refusal} when a header says something else than the body (MCP 2026-07-28, "Server Validation") */
function checkHeaders(headers: IncomingHttpHeaders, method: string | undefined, name: unknown): void {
  const [methodHeader, nameHeader] = [headers['mcp-method'], headers['mcp-name']];
  if (methodHeader !== undefined && methodHeader !== method) throw mismatch('Mcp-Method is not the method of the body');
  if (nameHeader !== undefined && decoded(String(nameHeader)) !== name)
    throw mismatch('Mcp-Name is not the name in the body');
}

function decoded(value: string): string {
  const encoded = ENCODED.exec(value)?.[1];
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8');
}

function textOf(value: unknown, key: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new Refusal(400, 'refused', `${key} must be a string`);
}

function ambiguous(): Refusal {
  return new Refusal(400, 'refused', 'a key stands twice in the message');
}

function mismatch(problem: string): Refusal {
  return new Refusal(400, 'refused', problem, { code: RPC.headerMismatch });
}
