/** `npm run admin -- COMMAND`: the operator's commands. They can run while a bridge serves from the same store. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionDirectory } from './account/session-directory.ts';
import { SettingError } from './base/setting-error.ts';
import { calledAs } from './called-as.ts';
import { ConfigurationError, readConfig } from './config/config.ts';
import { withEnvFile } from './config/env-file.ts';
import { withGeneratedSecret } from './config/generated-secret.ts';
import { EventBus } from './observe/events.ts';
import { createLogger, logEvents } from './observe/logger.ts';
import { openStore } from './open-store.ts';
import { type Bridge, wire } from './wiring.ts';

const USAGE = `usage: ${calledAs('admin')} COMMAND, with the variables of the bridge (DATA_DIR or REDIS_URL, GITHUB_CLIENT_ID, …)

  rotate-keys               makes new signing keys; they sign after being published for a day
  rotate-keys --now         makes new signing keys that sign at once
  rotate-keys --retire-now  replaces the signing keys, when one has leaked: all access and ID tokens end
  sessions [TEXT]           lists all sessions, or those whose login, client or server contains TEXT
  revoke SESSION            ends a session, given by its full name or by a unique prefix of it
  stats                     counts people, sessions and clients`;
/** The command line is wrong; the message says how it should be. */
class Misuse extends Error {}
/** Exit code for a wrong command line or a wrong configuration. */
const EXIT_MISUSE = 2;

/** A command that was understood. @returns the text to print */
type Command = (bridge: Bridge) => Promise<string>;

/** Reads the command line, before anything is opened. @throws {Misuse} */
function commandOf([name, argument, ...more]: readonly string[]): Command {
  if (more.length > 0) throw new Misuse(USAGE);
  switch (name) {
    case 'rotate-keys':
      return rotation(argument);
    case 'sessions':
      return ({ directory }) => listSessions(directory, argument ?? '');
    case 'revoke':
      if (argument === undefined) throw new Misuse(USAGE);
      return ({ directory }) => revokeSession(directory, argument);
    case 'stats':
      if (argument !== undefined) throw new Misuse(USAGE);
      return async ({ directory }) => JSON.stringify(await directory.statistics(), null, 2);
    default:
      throw new Misuse(USAGE);
  }
}

async function listSessions(directory: SessionDirectory, text: string): Promise<string> {
  const { sessions, more } = await directory.search(text);
  const lines = sessions.map((session) => {
    const { session: name, login, client_name, resource, recipient, last_used_at } = directory.describe(session);
    const server =
      recipient === null ? resource : `${resource} → ${recipient.host} (credential: ${recipient.credential})`;
    return `${name}  ${login}  ${client_name}  ${server}  last used ${last_used_at}`;
  });
  return [...lines, ...(more ? ['… and more: name a TEXT'] : []), `${sessions.length} shown`].join('\n');
}

async function revokeSession(directory: SessionDirectory, name: string): Promise<string> {
  const revoked = await directory.revoke(name, 'operator');
  if (revoked === undefined) throw new Error('no such session, or several: name it as "sessions" does');
  return `Revoked ${revoked}.`;
}

function rotation(option: string | undefined): Command {
  switch (option) {
    case undefined:
      return async ({ services: { keys } }) => {
        await keys.rotate(false);
        return 'New signing keys are published; they sign in a day.';
      };
    case '--now':
      return async ({ services: { keys } }) => {
        await keys.rotate(true);
        return 'New signing keys are published; they sign now.';
      };
    case '--retire-now':
      return async ({ services: { keys } }) => {
        await keys.retireAll();
        return [
          'The signing keys are replaced. What the old ones signed ends here within a minute; clients refresh by themselves.',
          'Other resource servers accept it until they read the key set again.',
        ].join('\n');
      };
    default:
      throw new Misuse(USAGE);
  }
}

async function main(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<string> {
  const command = commandOf(args);
  const settings = readConfig(withEnvFile(env));
  // A command is for a store that is there: nothing is done to an empty one that it would make by itself.
  if (settings.redisUrl === undefined && !existsSync(join(settings.dataDir, 'bridge.db')))
    throw new Error(`no store in ${settings.dataDir}: set DATA_DIR (or REDIS_URL) as the bridge has it`);
  const config = withGeneratedSecret(settings);
  const store = await openStore(config, { serving: false });
  try {
    const events = new EventBus();
    // Standard output is for the answer; what is done to sessions and keys goes to the audit trail as ever.
    logEvents(events, createLogger(config.logLevel, process.stderr));
    const bridge = await wire(config, { store, events });
    try {
      return await command(bridge);
    } finally {
      await bridge.close();
    }
  } finally {
    await store.close();
  }
}

try {
  process.stdout.write(`${await main(process.env, process.argv.slice(2))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = [Misuse, ConfigurationError, SettingError].some((kind) => error instanceof kind) ? EXIT_MISUSE : 1;
}
