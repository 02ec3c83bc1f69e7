/**
 * `npm run admin -- COMMAND`: the operator's commands. They can run while a bridge serves from the same store.
 *
 *     rotate-keys [--now]     makes new signing keys; they sign after being published for a day, or at once
 *     sessions [TEXT]         lists all sessions, or those whose login or client contains TEXT
 *     revoke SESSION          ends a session, given by its full name or by a unique prefix of it
 *     stats                   counts people, sessions and clients
 */
import { type Config, ConfigurationError, readConfig } from './config/config.ts';
import { withGeneratedSecret } from './config/generated-secret.ts';
import { EventBus } from './observe/events.ts';
import { openStore } from './open-store.ts';
import { type Bridge, wire } from './wiring.ts';

const USAGE = 'usage: npm run admin -- rotate-keys [--now] | sessions [TEXT] | revoke SESSION | stats';
/** Exit code for a wrong command line or a wrong configuration. */
const EXIT_MISUSE = 2;

/** Executes a command. @returns the text to print */
async function run(bridge: Bridge, command: string | undefined, argument: string | undefined): Promise<string> {
  switch (command) {
    case 'rotate-keys':
      await bridge.services.keys.rotate(argument === '--now');
      return `New signing keys are published; they sign ${argument === '--now' ? 'now' : 'in a day'}.`;
    case 'sessions': {
      const { sessions, more } = await bridge.directory.search(argument ?? '');
      const lines = sessions.map((session) => {
        const { session: name, login, client_name, last_used_at } = bridge.directory.describe(session);
        return `${name}  ${login}  ${client_name}  last used ${last_used_at}`;
      });
      return [...lines, ...(more ? ['… and more: name a TEXT'] : []), `${sessions.length} shown`].join('\n');
    }
    case 'revoke': {
      const revoked = argument === undefined ? undefined : await bridge.directory.revoke(argument, 'operator');
      if (revoked === undefined) throw new Error('no such session, or several: name it as "sessions" does');
      return `Revoked ${revoked}.`;
    }
    case 'stats':
      return JSON.stringify(await bridge.directory.statistics(), null, 2);
    default:
      throw new TypeError(USAGE);
  }
}

async function main(config: Config, args: readonly string[]): Promise<string> {
  const store = openStore(config, { serving: false });
  try {
    const bridge = await wire(config, { store, events: new EventBus() });
    try {
      return await run(bridge, args[0], args[1]);
    } finally {
      await bridge.close();
    }
  } finally {
    await store.close();
  }
}

try {
  process.stdout.write(`${await main(withGeneratedSecret(readConfig(process.env)), process.argv.slice(2))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof TypeError || error instanceof ConfigurationError ? EXIT_MISUSE : 1;
}
