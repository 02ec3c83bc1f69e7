/** What a tool is: its name, schemas, the GitHub scopes it needs, and its handler. */
import type { CallToolResult, ToolAnnotations } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import type { SessionDirectory } from '../account/session-directory.ts';
import type { GithubAnswer } from '../github/api.ts';
import type { Caller } from './bearer.ts';

/** What a handler may use. */
export interface ToolContext {
  readonly caller: Caller;
  /** Scopes of the access token. */
  readonly scopes: readonly string[];
  /** Calls GitHub's API on the person's behalf, with `GET`. */
  github(path: string): Promise<GithubAnswer>;
  /** Other people's sessions, for administrators' tools. */
  readonly directory: SessionDirectory;
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: z.ZodObject;
  readonly outputSchema: z.ZodObject;
  /** GitHub scopes that a call needs, all of them; a wider scope covers a narrower one. */
  readonly scopes: readonly string[];
  readonly annotations: ToolAnnotations;
  /** Listed and callable for `ADMIN_GITHUB_USERS` alone. */
  readonly administratorsOnly?: boolean;
  call(input: unknown, context: ToolContext): Promise<CallToolResult>;
}

/** Defines a tool whose handler gets checked input and answers a document of the output schema. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: Omit<Tool, 'call' | 'inputSchema' | 'outputSchema'> & {
    readonly inputSchema: Input;
    readonly outputSchema: Output;
    readonly handler: (input: z.infer<Input>, context: ToolContext) => Promise<z.infer<Output>>;
  },
): Tool {
  const { handler, ...tool } = definition;
  return {
    ...tool,
    async call(input, context) {
      const document = await handler(definition.inputSchema.parse(input), context);
      return { content: [{ type: 'text', text: JSON.stringify(document, null, 2) }], structuredContent: document };
    },
  };
}
