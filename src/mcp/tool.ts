/** The interface of a tool: its name, schemas, the GitHub scopes that it needs, and its handler. */
import type { CallToolResult, StandardSchemaWithJSON, ToolAnnotations } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { deepFreeze } from '../base/deep-freeze.ts';
import type { CallContext } from './call-context.ts';

/** What is read of a message that calls a tool. */
export const toolCallSchema = z.object({ method: z.literal('tools/call'), params: z.object({ name: z.string() }) });

/** A tool; {@link defineTool} makes one. */
export interface Tool {
  /** The name by which clients call it. */
  readonly name: string;
  /** The name that people see. */
  readonly title: string;
  /** What it does, for the language model. */
  readonly description: string;
  /** The arguments of a call. */
  readonly inputSchema: StandardSchemaWithJSON;
  /** The document that a call returns. */
  readonly outputSchema: StandardSchemaWithJSON;
  /** The scopes that a call needs, all of them; a scope that contains a needed one is enough. */
  readonly scopes: readonly string[];
  /** What clients may know of its effects, such as `readOnlyHint`. */
  readonly annotations: ToolAnnotations;
  /** Whether only `ADMIN_GITHUB_USERS` can see and call it. */
  readonly administratorsOnly?: boolean;
  /** Checks the arguments, and carries the call out. */
  call(input: unknown, context: CallContext): Promise<CallToolResult>;
}

/**
 * Defines a tool. Its handler gets input that the input schema has checked, and returns a document of the output
 * schema.
 */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: Omit<Tool, 'call' | 'inputSchema' | 'outputSchema'> & {
    readonly inputSchema: Input;
    readonly outputSchema: Output;
    readonly handler: (input: z.infer<Input>, context: CallContext) => Promise<z.infer<Output>>;
  },
): Tool {
  const { handler, ...tool } = definition;
  return {
    ...tool,
    inputSchema: withJsonSchema(definition.inputSchema),
    outputSchema: withJsonSchema(definition.outputSchema),
    async call(input, context) {
      const document = await handler(definition.inputSchema.parse(input), context);
      return { content: [{ type: 'text', text: JSON.stringify(document, null, 2) }], structuredContent: document };
    },
  };
}

/** The member `next_page` of a tool's output; not null, because some clients do not understand a type that is one of two. */
export const nextPageSchema = z.number().optional().describe('Absent on the last page');

/** That member, by the headers of GitHub's answer (RFC 8288). */
export function nextPage(page: number, { link }: { readonly link?: string | undefined }): { next_page?: number } {
  return /rel="next"/.test(link ?? '') ? { next_page: page + 1 } : {};
}

/**
 * The same schema without `additionalProperties: {}`, which says no more than its absence, and which some clients warn of or do
 * not understand.
 */
function plain(schema: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(schema, (name, value) =>
    name === 'additionalProperties' && typeof value === 'object' && Object.keys(value).length === 0 ? undefined : value,
  );
  return deepFreeze(JSON.parse(text));
}

/**
 * A schema whose JSON Schema is made once: the SDK asks for it at every call, for each request has a server of its own.
 * @see https://standardschema.dev/json-schema
 */
function withJsonSchema(schema: z.ZodObject): StandardSchemaWithJSON {
  const { validate, jsonSchema } = schema['~standard'];
  const options = { target: 'draft-2020-12' } as const;
  const [input, output] = [plain(jsonSchema.input(options)), plain(jsonSchema.output(options))];
  return {
    '~standard': { version: 1, vendor: 'zod', validate, jsonSchema: { input: () => input, output: () => output } },
  };
}
