/**
 * The typed Koa context, and reading the parameters of a request from its query, form or JSON body.
 */
import type { IncomingMessage } from 'node:http';
import type { ParameterizedContext } from 'koa';
import type { RecordedCall } from './calls.ts';

/** Koa's `ctx.state`. */
export interface Exchange {
  call: RecordedCall;
}

export type Context = ParameterizedContext<Exchange>;

/** Bytes. */
const BODY_LIMIT = 1_000_000;

/** The body is not a form or a JSON object, or it is too large. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
}

/**
 * The parameters of the query and of the body; a parameter in the body replaces one in the query. A JSON value that is
 * not a string becomes its JSON text.
 * @throws {UnreadableBody}
 */
export async function readParameters(ctx: Context): Promise<URLSearchParams> {
  const parameters = new URLSearchParams(ctx.querystring);
  const body = await readBody(ctx.req);
  if (body === '') return parameters;
  for (const [name, value] of ctx.is('json') || body.startsWith('{') ? jsonEntries(body) : new URLSearchParams(body))
    parameters.set(name, value);
  return parameters;
}

async function readBody(request: IncomingMessage): Promise<string> {
  return (await readBytes(request, BODY_LIMIT)).toString('utf8');
}

/**
 * The body as it was sent.
 * @param limit bytes
 * @throws {UnreadableBody} when it is larger
 */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  // Before the first byte is read, because a body that is left in the middle takes the connection along.
  if (Number(request.headers['content-length']) > limit) throw new UnreadableBody('the body is too large');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > limit) throw new UnreadableBody('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function jsonEntries(body: string): [string, string][] {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) throw new UnreadableBody('the body is no JSON object');
    return Object.entries(parsed).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
  } catch (error) {
    throw new UnreadableBody('the body is no JSON', { cause: error });
  }
}
