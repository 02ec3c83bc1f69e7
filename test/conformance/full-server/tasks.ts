// The tools of the suite whose calls become tasks (SEP-2663): the call is answered at once, and the client asks how it goes.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type McpServer,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { say } from './contents.ts';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** A result of a tool. */
type Result = ReturnType<typeof say> & { isError?: true };
type Form = Parameters<typeof inputRequired.elicit>[0];
/** What a task works on. @param ask asks the client; resolves when everything is answered */
type Work = (ask: (forms: Readonly<Record<string, Form>>) => Promise<void>, signal: AbortSignal) => Promise<Result>;

interface Task {
  readonly taskId: string;
  readonly createdAt: string;
  readonly cancellation: AbortController;
  /** The questions that are not answered. */
  readonly open: Map<string, unknown>;
  /** Called when the last question is answered. */
  answered: () => void;
  lastUpdatedAt: string;
  outcome:
    | { status: 'working' | 'cancelled' }
    | { status: 'completed'; result: Result }
    | { status: 'failed'; error: object };
}

/** The tasks of a server, which outlive the requests. */
export type Tasks = Map<string, Task>;

const capabilitiesSchema = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({ extensions: z.record(z.string(), z.unknown()).optional() }),
});
const idSchema = z.object({ taskId: z.string() });
const nameSchema = z.object({ name: z.string() });
const confirmSchema = z.object({ confirm: z.boolean() });

/** Registers the tools, and the methods of tasks. */
export function addTasks(server: McpServer, tasks: Tasks): void {
  addMethods(server, tasks);
  server.registerTool('greet', { description: 'Is never a task', inputSchema: nameSchema }, ({ name }) =>
    say(`Hello, ${name}!`),
  );
  server.registerTool(
    'slow_compute',
    { description: 'Takes some seconds', inputSchema: z.object({ seconds: z.number(), label: z.string().optional() }) },
    async ({ seconds }, context) => {
      const work = async (signal?: AbortSignal) => {
        await pause(seconds * 1000, undefined, { signal });
        return say(`Computed for ${seconds} s`);
      };
      return declares(context) ? begin(tasks, (_ask, signal) => work(signal)) : work();
    },
  );
  const jobs: Record<string, Work> = {
    failing_job: async () => ({ ...say('This job fails'), isError: true }),
    protocol_error_job: async () => {
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'This job breaks');
    },
    confirm_delete: async (ask) => {
      await ask({ confirm: { message: 'Delete it?', requestedSchema: confirmSchema } });
      return say('Deleted');
    },
    multi_input: async (ask) => {
      const requestedSchema = nameSchema;
      await ask({ first: { message: 'First?', requestedSchema }, second: { message: 'Second?', requestedSchema } });
      return say('Both answered');
    },
  };
  for (const [name, work] of Object.entries(jobs)) {
    server.registerTool(name, { description: 'Is always a task' }, (context) => {
      demandExtension(context);
      return begin(tasks, work);
    });
  }
  server.registerTool('test_tool_with_task', { description: 'Asks, and is a task then' }, (context) => {
    demandExtension(context);
    const answer = acceptedContent(context.mcpReq.inputResponses, 'user_name', nameSchema);
    if (answer !== undefined) return begin(tasks, async () => say(`Done for ${answer.name}`));
    const user_name = inputRequired.elicit({ message: 'What is your name?', requestedSchema: nameSchema });
    return inputRequired({ inputRequests: { user_name } });
  });
}

function addMethods({ server }: McpServer, tasks: Tasks): void {
  const find = (taskId: string, context: ServerContext) => {
    demandExtension(context);
    const task = tasks.get(taskId);
    if (task === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'there is no such task');
    return task;
  };
  server.setRequestHandler('tasks/get', { params: idSchema }, ({ taskId }, context) => state(find(taskId, context)));
  server.setRequestHandler(
    'tasks/update',
    { params: idSchema.extend({ inputResponses: z.record(z.string(), z.unknown()).optional() }) },
    ({ taskId, inputResponses }, context) => {
      const task = find(taskId, context);
      for (const key of Object.keys(inputResponses ?? context.mcpReq.inputResponses ?? {})) task.open.delete(key);
      if (task.open.size === 0) task.answered();
      return {};
    },
  );
  server.setRequestHandler('tasks/cancel', { params: idSchema }, ({ taskId }, context) => {
    find(taskId, context).cancellation.abort();
    return {};
  });
}

/** Begins a task. @returns the answer of the call */
function begin(tasks: Tasks, work: Work): Result {
  const now = new Date().toISOString();
  const task: Task = {
    taskId: randomUUID(),
    createdAt: now,
    cancellation: new AbortController(),
    open: new Map(),
    answered() {},
    lastUpdatedAt: now,
    outcome: { status: 'working' },
  };
  tasks.set(task.taskId, task);
  const settle = (outcome: Task['outcome']) => {
    if (task.outcome.status !== 'working') return;
    task.outcome = outcome;
    task.lastUpdatedAt = new Date().toISOString();
  };
  task.cancellation.signal.addEventListener('abort', () => settle({ status: 'cancelled' }));
  const ask = (forms: Readonly<Record<string, Form>>) => {
    for (const [key, form] of Object.entries(forms)) task.open.set(key, inputRequired.elicit(form));
    return new Promise<void>((resolve) => {
      task.answered = resolve;
    });
  };
  work(ask, task.cancellation.signal).then(
    (result) => settle({ status: 'completed', result }),
    ({ message }: Error) => settle({ status: 'failed', error: { code: ProtocolErrorCode.InternalError, message } }),
  );
  // The SDK has no type for the answer of a call that became a task.
  return { ...say('Working'), resultType: 'task', ...head(task), status: 'working' } as Result;
}

function head({ taskId, createdAt, lastUpdatedAt }: Task) {
  return { taskId, createdAt, lastUpdatedAt, ttlMs: 60_000, pollIntervalMs: 200 };
}

/** What `tasks/get` answers. */
function state(task: Task): Record<string, unknown> {
  const asks = task.outcome.status === 'working' && task.open.size > 0;
  return asks
    ? { ...head(task), status: 'input_required', inputRequests: Object.fromEntries(task.open) }
    : { ...head(task), ...task.outcome };
}

/** Whether the client takes tasks. */
function declares({ mcpReq }: ServerContext): boolean {
  const capabilities = capabilitiesSchema.safeParse(mcpReq.envelope).data?.[CLIENT_CAPABILITIES_META_KEY];
  return capabilities?.extensions?.[TASKS_EXTENSION] !== undefined;
}

/** @throws {MissingRequiredClientCapabilityError} when the client does not take tasks */
function demandExtension(context: ServerContext): void {
  if (declares(context)) return;
  throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } });
}
