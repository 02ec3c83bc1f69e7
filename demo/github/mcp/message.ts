/** What the MCP server reads from the body of a request before the SDK does: the method, and the tool of a call. */
import { z } from 'zod';

const messageSchema = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number()]).optional().catch(undefined),
  method: z.string().min(1),
  params: z
    .object({ name: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

interface Message {
  readonly id: string | number | undefined;
  readonly method: string;
  /** The tool of a `tools/call`. */
  readonly tool: string | undefined;
}

/** Reads the body. A batch, or a body that is no JSON-RPC request, is undefined. */
export function readMessage(body: Buffer): Message | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  const message = messageSchema.safeParse(json).data;
  if (message === undefined) return undefined;
  const { id, method, params } = message;
  return { id, method, tool: method === 'tools/call' ? params?.name : undefined };
}
