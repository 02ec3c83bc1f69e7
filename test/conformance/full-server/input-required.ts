// The tools of the suite that need input of the client, which it sends with the same call again (MCP 2026-07-28,
// "Multi Round-Trip Requests").
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type McpServer,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { say } from './contents.ts';
import { reportProgress } from './tools.ts';

const nameSchema = z.object({ name: z.string() });
const colorSchema = z.object({ color: z.string() });
const confirmSchema = z.object({ ok: z.boolean() });
const sampleSchema = z.object({ content: z.object({ text: z.string() }) });
const capabilitiesSchema = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({ elicitation: z.unknown().optional(), sampling: z.unknown().optional() }),
});
const rootsSchema = z.object({ roots: z.array(z.unknown()) });

const askName = () => inputRequired.elicit({ message: 'What is your name?', requestedSchema: nameSchema });
const askConfirmation = () => inputRequired.elicit({ message: 'Please confirm', requestedSchema: confirmSchema });
const askModel = (text: string) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens: 100 });

/** Registers the tools. @param requestState seals what a tool must know when it is called again */
export function addInputTools(server: McpServer, requestState: RequestStateCodec<Record<string, unknown>>): void {
  addSingleQuestions(server);
  addStatefulTools(server, requestState);
  server.registerTool('test_missing_capability', { description: 'Needs a model' }, ({ mcpReq }) =>
    answerOf(mcpReq.inputResponses, 'sample', sampleSchema) === undefined
      ? inputRequired({ inputRequests: { sample: askModel('Hello') } })
      : say('Success'),
  );
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks by whatever the client can' },
    ({ mcpReq }) => {
      const capabilities = capabilitiesSchema.parse(mcpReq.envelope)[CLIENT_CAPABILITIES_META_KEY];
      const answered = Object.keys(mcpReq.inputResponses ?? {});
      if (answered.length > 0) return say(`capabilities-ok: received ${answered.join(',')}`);
      const inputRequests = {
        ...(capabilities.elicitation === undefined ? {} : { elicit_input: askName() }),
        ...(capabilities.sampling === undefined ? {} : { sample_input: askModel('Sample request') }),
      };
      if (Object.keys(inputRequests).length === 0) return say('No supported capabilities declared');
      return inputRequired({ inputRequests });
    },
  );
}

function addSingleQuestions(server: McpServer): void {
  server.registerTool('test_input_required_result_elicitation', { description: 'Asks for a name' }, ({ mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'user_name', nameSchema);
    return answer === undefined
      ? inputRequired({ inputRequests: { user_name: askName() } })
      : say(`Hello, ${answer.name}!`);
  });
  server.registerTool('test_input_required_result_sampling', { description: 'Asks the model' }, ({ mcpReq }) => {
    const answer = answerOf(mcpReq.inputResponses, 'sample_request', sampleSchema);
    return answer === undefined
      ? inputRequired({ inputRequests: { sample_request: askModel('What is the capital of France?') } })
      : say(`Sampling result: ${answer.content.text}`);
  });
  server.registerTool('test_input_required_result_list_roots', { description: 'Asks for the roots' }, ({ mcpReq }) => {
    const answer = answerOf(mcpReq.inputResponses, 'roots_request', rootsSchema);
    return answer === undefined
      ? inputRequired({ inputRequests: { roots_request: inputRequired.listRoots() } })
      : say(`Found ${answer.roots.length} root(s)`);
  });
  server.registerTool('test_streaming_elicitation', { description: 'Reports progress, then asks' }, async (context) => {
    await reportProgress(context, 50);
    return acceptedContent(context.mcpReq.inputResponses, 'user_name', nameSchema) === undefined
      ? inputRequired({ inputRequests: { user_name: askName() } })
      : say('Streaming complete');
  });
}

function addStatefulTools(server: McpServer, codec: RequestStateCodec<Record<string, unknown>>): void {
  for (const [name, done] of [
    ['test_input_required_result_request_state', 'state-ok: requestState validated'],
    ['test_input_required_result_tampered_state', 'integrity-ok: state verified'],
  ] as const) {
    server.registerTool(name, { description: 'Asks for a confirmation' }, async (context) => {
      const answer = acceptedContent(context.mcpReq.inputResponses, 'confirm', confirmSchema);
      if (stateOf(context)?.tool === name && answer?.ok === true) return say(done);
      const state = await codec.mint({ tool: name }, context);
      return inputRequired({ inputRequests: { confirm: askConfirmation() }, requestState: state });
    });
  }
  server.registerTool(
    'test_input_required_result_multiple_inputs',
    { description: 'Asks for three things at a time' },
    async (context) => {
      const { inputResponses } = context.mcpReq;
      const user = acceptedContent(inputResponses, 'user_name', nameSchema);
      const greeting = answerOf(inputResponses, 'greeting', sampleSchema);
      const found = answerOf(inputResponses, 'client_roots', rootsSchema);
      if (stateOf(context) !== undefined && user !== undefined && greeting !== undefined && found !== undefined)
        return say(`Name: ${user.name}; Greeting: ${greeting.content.text}; Roots: ${found.roots.length}`);
      return inputRequired({
        inputRequests: {
          user_name: askName(),
          greeting: askModel('Generate a greeting'),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await codec.mint({ asked: true }, context),
      });
    },
  );
  server.registerTool(
    'test_input_required_result_multi_round',
    { description: 'Asks for a name, then for a color' },
    async (context) => {
      const { inputResponses } = context.mcpReq;
      const state = stateOf(context);
      const color = acceptedContent(inputResponses, 'step2', colorSchema)?.color;
      if (state?.round === 2 && color !== undefined)
        return say(`Multi-round complete for ${state.name} who likes ${color}`);
      const name = acceptedContent(inputResponses, 'step1', nameSchema)?.name;
      if (state?.round !== 1 || name === undefined)
        return inputRequired({
          inputRequests: { step1: askName() },
          requestState: await codec.mint({ round: 1 }, context),
        });
      const message = 'What is your favorite color?';
      return inputRequired({
        inputRequests: { step2: inputRequired.elicit({ message, requestedSchema: colorSchema }) },
        requestState: await codec.mint({ round: 2, name }, context),
      });
    },
  );
}

/** The state of the call before, which the SDK has verified. */
function stateOf({ mcpReq }: ServerContext): Record<string, unknown> | undefined {
  return mcpReq.requestState<Record<string, unknown>>();
}

/** What the client answered to a request of another kind than elicitation; undefined when it did not, or wrongly. */
function answerOf<Answer>(
  responses: Record<string, unknown> | undefined,
  key: string,
  schema: z.ZodType<Answer>,
): Answer | undefined {
  return schema.safeParse(responses?.[key]).data;
}
