/** `npm run doctor`: says, a line each, what of this configuration is well and what is not; exits with 1 for the latter. */
import { examine } from './doctor.ts';

const well = await examine(process.env, (line) => process.stdout.write(`${line}\n`));
process.exitCode = well ? 0 : 1;
