/**
 * `npm run admin -- COMMAND`: the operator's commands. They can run while a bridge serves from the same store.
 *
 *     rotate-keys             makes new signing keys; they sign after being published for a day
 *     rotate-keys --now       makes new signing keys that sign at once
 *     rotate-keys --retire-now
 *                             replaces the signing keys, when one has leaked: all access and ID tokens end
 *     sessions [TEXT]         lists all sessions, or those whose login or client contains TEXT
 *     revoke SESSION          ends a session, given by its full name or by a unique prefix of it
 *     stats                   counts people, sessions and clients
 */
import { type Config, ConfigurationError, readConfig } from './config/config.ts';
import { withGeneratedSecret } from './config/generated-secret.ts';
import { EventBus } from './observe/events.ts';
import { createLogger, logEvents } from './observe/logger.ts';
import { openStore } from './open-store.ts';
import type { SigningKeys } from './security/keys.ts';
import { type Bridge, wire } from './wiring.ts';

const USAGE = 'usage: npm run admin -- rotate-keys [--now | --retire-now] | sessions [TEXT] | revoke SESSION | stats';
/** The command line is wrong; the message says how it should be. */
class Misuse extends Error {}
/** Exit code for a wrong command line or a wrong configuration. */
const EXIT_MISUSE = 2;

/** Executes a command. @returns the text to print */
async function run(bridge: Bridge, command: string | undefined, argument: string | undefined): Promise<string> {
  switch (command) {
    case 'rotate-keys':
      return rotateKeys(bridge.services.keys, argument);
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
      throw new Misuse(USAGE);
  }
}

async function rotateKeys(keys: SigningKeys, option: string | undefined): Promise<string> {
  switch (option) {
    case undefined:
      await keys.rotate(false);
      return 'New signing keys are published; they sign in a day.';
    case '--now':
      await keys.rotate(true);
      return 'New signing keys are published; they sign now.';
    case '--retire-now':
      await keys.retireAll();
      return 'The signing keys are replaced. What the old ones signed ends here within a minute; clients refresh by themselves.\nOther resource servers accept it until they read the key set again.';
    default:
      throw new Misuse(USAGE);
  }
}

async function main(config: Config, args: readonly string[]): Promise<string> {
  const store = openStore(config, { serving: false });
  try {
    const events = new EventBus();
    // Standard output is for the answer; what is done to sessions and keys goes to the audit trail as ever.
    logEvents(events, createLogger(config.logLevel, process.stderr));
    const bridge = await wire(config, { store, events });
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
  process.exitCode = error instanceof Misuse || error instanceof ConfigurationError ? EXIT_MISUSE : 1;
}
