// The tools of the suite that ask the person in the middle of a call, by a request to the client (2025-11-25).
import type { ElicitRequestFormParams, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { say } from './contents.ts';

type Form = ElicitRequestFormParams['requestedSchema'];

/** Defaults of every primitive type (SEP-1034). */
const DEFAULTS: Form = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'User name', default: 'John Doe' },
    age: { type: 'integer', description: 'User age', default: 30 },
    score: { type: 'number', description: 'User score', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', description: 'Verification status', default: true },
  },
  required: [],
};

/** Every way to write choices (SEP-1330). */
const CHOICES: Form = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: {
      type: 'string',
      oneOf: [
        { const: 'value1', title: 'First Option' },
        { const: 'value2', title: 'Second Option' },
        { const: 'value3', title: 'Third Option' },
      ],
    },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: {
      type: 'array',
      minItems: 1,
      maxItems: 3,
      items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    },
    titledMulti: {
      type: 'array',
      minItems: 1,
      maxItems: 3,
      items: {
        anyOf: [
          { const: 'value1', title: 'First Choice' },
          { const: 'value2', title: 'Second Choice' },
          { const: 'value3', title: 'Third Choice' },
        ],
      },
    },
  },
  required: [],
};

/** Registers the tools. */
export function addElicitationTools(server: McpServer): void {
  server.registerTool(
    'test_elicitation',
    { description: 'Asks the person', inputSchema: z.object({ message: z.string() }) },
    async ({ message }, { mcpReq }) => {
      const response = { type: 'string', description: "User's response" } as const;
      const requestedSchema: Form = { type: 'object', properties: { response }, required: ['response'] };
      const { action, content } = await mcpReq.elicitInput({ message, requestedSchema });
      return say(`User response: action=${action}, content=${JSON.stringify(content)}`);
    },
  );
  const forms = { test_elicitation_sep1034_defaults: DEFAULTS, test_elicitation_sep1330_enums: CHOICES };
  for (const [name, requestedSchema] of Object.entries(forms)) {
    server.registerTool(name, { description: 'Shows the person a form' }, async ({ mcpReq }) => {
      const { action, content } = await mcpReq.elicitInput({ message: 'Please fill in the form', requestedSchema });
      return say(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
    });
  }
}
