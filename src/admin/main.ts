/** `npm run admin -- COMMAND`: the operator's commands. They can run while a bridge serves from the same store. */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { SettingError } from '../base/setting-error.ts';
import { calledAs } from '../called-as.ts';
import { outliveReaders } from '../closed-output.ts';
import { ConfigurationError, readConfig } from '../config/config.ts';
import { withEnvFile } from '../config/env-file.ts';
import { withGeneratedSecret } from '../config/generated-secret.ts';
import { createEventHook } from '../hooks/event-hook.ts';
import { EventBus } from '../observe/events.ts';
import { logEvents } from '../observe/logger.ts';
import { openLog } from '../open-log.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store/store.ts';
import { displayText } from '../web/display.ts';
import { wire } from '../wiring.ts';
import { type Command, type CommandArguments, Misuse, type StoreCommand, type StoreContext } from './command.ts';
import { readCommandLine } from './command-line.ts';
import { commands } from './commands.ts';
import { createTerminal } from './terminal.ts';

/** Exit code for a wrong command line or a wrong configuration. */
const EXIT_MISUSE = 2;
/** Exit code after Ctrl-C (128 and the number of the signal), and after the other signals that end a program. */
const EXIT_INTERRUPTED = 130;
/** Characters of an error's message. */
const MAX_MESSAGE = 1000;

/** Opens the store, carries the command out, and closes the store. */
async function carryOut(command: Command, args: CommandArguments, signal: AbortSignal): Promise<void> {
  const settings = readConfig(withEnvFile(process.env));
  // A command is for a store that is there: nothing is done to an empty one that it would make by itself.
  const makesStore = 'runOnStore' in command && command.makesStore === true;
  const inDataDir = (name: string) => existsSync(join(settings.dataDir, name));
  if (settings.redisUrl === undefined && !makesStore && !inDataDir('bridge.db'))
    throw new SettingError(
      'DATA_DIR',
      `no store in ${settings.dataDir}`,
      'Set it, or REDIS_URL, as the bridge has it.',
    );
  // A secret that is generated now would open nothing.
  if (makesStore && settings.secrets.length === 0 && !inDataDir('secret'))
    throw new SettingError(
      'BRIDGE_SECRET',
      'missing',
      'Set it as the bridge had it whose records these are, or copy the file "secret" of its DATA_DIR.',
    );
  const config = withGeneratedSecret(settings);
  const { json, yes } = args.options;
  const terminal = createTerminal({ json: json === true, yes: yes === true, signal }, process);
  if ('runOnStore' in command) return runOnStore(command, args, { config, terminal, signal });
  const store = await openStore(config, { serving: false });
  try {
    const events = new EventBus();
    // Standard output is for the answer; what is done to sessions and keys goes to the audit trail as ever.
    events.onAny(() => terminal.clear());
    const logger = await openLog(config, process.stderr);
    logEvents(events, logger);
    const hook = config.eventHook && createEventHook(events, config.eventHook, { logger });
    const bridge = await wire(config, { store, events });
    try {
      if (signal.aborted) throw new Error('stopped before it began; nothing was done');
      const actor = { kind: 'operator', name: userInfo().username } as const;
      await events.context.run({ via: 'command', actor }, () => command.run({ bridge, terminal, signal }, args));
    } finally {
      terminal.clear();
      await bridge.close();
      await hook?.close();
    }
  } finally {
    await store.close();
  }
}

async function runOnStore(
  command: StoreCommand,
  args: CommandArguments,
  context: Omit<StoreContext, 'open'>,
): Promise<void> {
  const opened: Store[] = [];
  const open = async (serving = false) => {
    const store = await openStore(context.config, { serving });
    opened.push(store);
    return store;
  };
  try {
    await command.runOnStore({ ...context, open }, args);
  } finally {
    context.terminal.clear();
    for (const store of opened) await store.close();
  }
}

outliveReaders();
const interruption = new AbortController();
// SIGHUP: the terminal is gone, such as an ssh connection.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interruption.abort());

try {
  const line = readCommandLine(process.argv.slice(2), commands, calledAs('admin'));
  if ('help' in line) process.stdout.write(`${line.help}\n`);
  else await carryOut(line.command, line.args, interruption.signal);
  if (interruption.signal.aborted) process.exitCode = EXIT_INTERRUPTED;
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  // What was typed is in many messages. Only wrong settings have several lines.
  const said = error instanceof ConfigurationError ? message : displayText(message, MAX_MESSAGE);
  process.stderr.write(`${said}\n`);
  const misused = [Misuse, ConfigurationError, SettingError].some((kind) => error instanceof kind);
  process.exitCode = interruption.signal.aborted ? EXIT_INTERRUPTED : misused ? EXIT_MISUSE : 1;
}
