/**
 * `npm run doctor`: prints one line per finding, and exits with code 1 if one of them is a problem; with 2 for a `.env` that
 * cannot be read.
 */
import { ConfigurationError } from '../config/config.ts';
import { withEnvFile } from '../config/env-file.ts';
import { examine } from './doctor.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

try {
  process.exitCode = (await examine(withEnvFile(process.env), say)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  say(`problem  ${error.message}`);
  process.exitCode = 2;
}
