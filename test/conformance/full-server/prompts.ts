// The prompts of the suite.
import { acceptedContent, completable, inputRequired, type McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { PNG } from './contents.ts';

const contextSchema = z.object({ context: z.string() });

/** Registers the prompts. */
export function addPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { title: 'Simple', description: 'Has no arguments' }, () =>
    messages(text('This is a simple prompt for testing.')),
  );
  const first = completable(z.string().describe('First test argument'), (begun) =>
    ['test', 'testing', 'paris', 'park'].filter((word) => word.startsWith(begun)),
  );
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      title: 'Arguments',
      description: 'Has two arguments',
      argsSchema: z.object({ arg1: first, arg2: z.string().describe('Second test argument') }),
    },
    ({ arg1, arg2 }) => messages(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    {
      title: 'Embedded resource',
      description: 'Has a resource in it',
      argsSchema: z.object({ resourceUri: z.string().describe('URI of the resource to embed') }),
    },
    ({ resourceUri: uri }) =>
      messages(
        { type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } },
        text('Please process the embedded resource above.'),
      ),
  );
  server.registerPrompt('test_prompt_with_image', { title: 'Image', description: 'Has an image in it' }, () =>
    messages({ type: 'image', data: PNG, mimeType: 'image/png' }, text('Please analyze the image above.')),
  );
  server.registerPrompt(
    'test_input_required_result_prompt',
    { title: 'Input required', description: 'Asks for the context first' },
    ({ mcpReq }) => {
      const given = acceptedContent(mcpReq.inputResponses, 'user_context', contextSchema);
      if (given !== undefined) return messages(text(`Prompt with context: ${given.context}`));
      const message = 'What context should the prompt use?';
      const user_context = inputRequired.elicit({ message, requestedSchema: contextSchema });
      return inputRequired({ inputRequests: { user_context } });
    },
  );
}

type Content =
  | { type: 'text'; text: string }
  | { type: 'image'; data: string; mimeType: string }
  | { type: 'resource'; resource: { uri: string; mimeType: string; text: string } };

function text(said: string): Content {
  return { type: 'text', text: said };
}

function messages(...contents: Content[]): { messages: { role: 'user'; content: Content }[] } {
  return { messages: contents.map((content) => ({ role: 'user', content })) };
}
