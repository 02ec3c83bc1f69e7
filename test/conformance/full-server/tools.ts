// The tools of the suite that answer at once, notify while they run, or ask the client's model.
import { setTimeout as pause } from 'node:timers/promises';
import { fromJsonSchema, type McpServer, type ServerContext, type ServerNotifier } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { PNG, say, WAV } from './contents.ts';

/** Milliseconds between two notifications, so that a stream that is held back shows. */
const STEP = 50;
/** Milliseconds for which the stream of `test_reconnection` is closed before the result is there. */
const DISCONNECTED = 100;

/** Registers the tools. @param notifier tells the subscriptions of 2026-07-28 about changes */
export function addTools(server: McpServer, notifier: ServerNotifier): void {
  addContentTools(server);
  addNotifyingTools(server, notifier);
  addSchemaTools(server);
  server.registerTool(
    'test_sampling',
    { description: 'Asks the model of the client', inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, { mcpReq }) => {
      const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: prompt } }];
      const { content } = await mcpReq.requestSampling({ messages, maxTokens: 100 });
      return say(`LLM response: ${'text' in content ? content.text : JSON.stringify(content)}`);
    },
  );
}

function addContentTools(server: McpServer): void {
  server.registerTool('test_simple_text', { description: 'Answers a text' }, () =>
    say('This is a simple text response for testing.'),
  );
  server.registerTool('test_image_content', { description: 'Answers an image' }, () => ({
    content: [{ type: 'image', data: PNG, mimeType: 'image/png' }],
  }));
  server.registerTool('test_audio_content', { description: 'Answers audio' }, () => ({
    content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }],
  }));
  server.registerTool('test_embedded_resource', { description: 'Answers a resource' }, () => ({
    content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  }));
  server.registerTool('test_multiple_content_types', { description: 'Answers contents of three types' }, () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
      embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  }));
  server.registerTool('test_error_handling', { description: 'Fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
}

function embedded(uri: string, mimeType: string, text: string) {
  return { type: 'resource' as const, resource: { uri, mimeType, text } };
}

function addNotifyingTools(server: McpServer, notifier: ServerNotifier): void {
  server.registerTool('test_tool_with_logging', { description: 'Logs three times' }, async ({ mcpReq }) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await mcpReq.log('info', data);
      await pause(STEP);
    }
    return say('Tool with logging executed successfully');
  });
  server.registerTool('test_tool_with_progress', { description: 'Reports progress three times' }, async (context) => {
    for (const progress of [0, 50, 100]) {
      await reportProgress(context, progress);
      await pause(STEP);
    }
    return say('Tool with progress executed successfully');
  });
  server.registerTool('test_logging_tool', { description: 'Logs once' }, async ({ mcpReq }) => {
    await mcpReq.log('info', 'This is for clients that asked for it');
    return say('Logging evaluated');
  });
  server.registerTool('test_reconnection', { description: 'Closes its stream in the middle' }, async ({ http }) => {
    http?.closeSSE?.();
    await pause(DISCONNECTED);
    return say('Reconnection test completed successfully');
  });
  server.registerTool('test_trigger_tool_change', { description: 'Says that the tools changed' }, () => {
    notifier.toolsChanged();
    return say('Mutation triggered');
  });
  server.registerTool('test_trigger_prompt_change', { description: 'Says that the prompts changed' }, () => {
    notifier.promptsChanged();
    return say('Mutation triggered');
  });
}

/** Reports progress, where the client asked for it. */
export async function reportProgress({ mcpReq }: ServerContext, progress: number): Promise<void> {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  const params = { progressToken, progress, total: 100, message: `Completed step ${progress} of 100` };
  await mcpReq.notify({ method: 'notifications/progress', params });
}

/** The schema of the suite's scenario `json-schema-2020-12`. */
const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

function addSchemaTools(server: McpServer): void {
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Has a schema of JSON Schema 2020-12', inputSchema: fromJsonSchema(SCHEMA_2020_12) },
    (input) => say(JSON.stringify(input)),
  );
  server.registerTool(
    'test_header_parameter',
    {
      description: 'Has a parameter that is sent as a header too (Mcp-Param-Region)',
      inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }),
    },
    (input) => say(JSON.stringify(input)),
  );
}
