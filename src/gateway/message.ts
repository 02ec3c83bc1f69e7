/** What the gateway reads in a request: the method and tool for the audit trail, and the id for its own errors. */
import { z } from 'zod';
import { parseJson } from '../base/json.ts';

/** Characters of a method or tool that are logged; both are the client's text. */
const MAX_LOGGED = 100;

const messageSchema = z.object({
  method: z.string(),
  params: z.object({ name: z.string() }).optional().catch(undefined),
});

/** What a body asks for. */
export interface Described {
  /** `batch` for a list, `response` for an answer to the server, empty for what cannot be read. */
  readonly method: string;
  /** The name in `tools/call`. */
  readonly tool?: string;
}

/** Reads what a body asks for. Nothing is decided by it: that is `tool-calls.ts`, which reads strictly. */
export function describeMessage(body: Buffer): Described {
  if (body.length === 0) return { method: '' };
  const value = parseJson(body.toString('utf8'));
  if (Array.isArray(value)) return { method: 'batch' };
  const message = messageSchema.safeParse(value).data;
  if (message === undefined) return { method: typeof value === 'object' && value !== null ? 'response' : '' };
  const method = logged(message.method);
  const name = method === 'tools/call' ? message.params?.name : undefined;
  return name === undefined ? { method } : { method, tool: logged(name) };
}

function logged(text: string): string {
  return text.slice(0, MAX_LOGGED).replace(/[^\x21-\x7e]/g, '?');
}

/** A reviver of `JSON.parse` with the source text of primitive values (ECMAScript, JSON.parse source text access). */
type SourceReviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * The id of a request as it stands in its bytes, because a large number would lose digits as a JavaScript number.
 * @returns JSON; `null` when there is no id that can be read
 */
export function rawId(body: Buffer): string {
  const ids = new Map<unknown, string>();
  const keepIds: SourceReviver = function (key, value, { source }) {
    if (key === 'id' && source !== undefined && (typeof value === 'string' || typeof value === 'number'))
      ids.set(this, source);
    return value;
  };
  try {
    return ids.get(JSON.parse(body.toString('utf8'), keepIds as Parameters<typeof JSON.parse>[1])) ?? 'null';
  } catch {
    return 'null';
  }
}
