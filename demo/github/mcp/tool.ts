/** What a tool of the MCP server is: what the list shows, the toolset, the scope that it needs, and its calls of the REST API. */
import type { ToolAnnotations } from '@modelcontextprotocol/server';
import type { Octokit } from '@octokit/rest';
import type { z } from 'zod';

/** The toolsets of which this server has tools. Those of GitHub are more. */
export type Toolset = 'context' | 'repos' | 'issues' | 'notifications' | 'gists';

export interface McpTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly toolset: Toolset;
  readonly annotations: ToolAnnotations;
  /** The scope that the token of an OAuth App needs; a scope that contains it is enough. */
  readonly scope?: string;
  /** The feature flag (`X-MCP-Features`) without which the tool is not there. */
  readonly onlyWith?: string;
  /** The feature flag with which the tool is not there. */
  readonly notWith?: string;
  /** The page of MCP Apps that shows the result; listed only with the feature flag of MCP Apps. */
  readonly uiResource?: string;
  readonly inputSchema: z.ZodObject;
  /** How the text of an error of GitHub begins. */
  readonly failure: string;
  /** Calls the REST API. @returns the document that the result has as JSON text */
  call(input: unknown, rest: Octokit): Promise<unknown>;
}

type Definition<Input extends z.ZodObject> = Omit<McpTool, 'call' | 'inputSchema' | 'annotations'> & {
  readonly inputSchema: Input;
  /** Default: a tool that only reads. */
  readonly annotations?: ToolAnnotations;
  readonly handler: (input: z.infer<Input>, rest: Octokit) => Promise<unknown>;
};

/** Defines a tool, whose handler gets input that the input schema has checked. */
export function defineTool<Input extends z.ZodObject>({ handler, ...definition }: Definition<Input>): McpTool {
  return {
    annotations: { readOnlyHint: true },
    ...definition,
    call: (input, rest) => handler(definition.inputSchema.parse(input), rest),
  };
}
