/** `npm run doctor`: prints one line per finding, and exits with code 1 if one of them is a problem. */
import { examine } from './doctor.ts';

const healthy = await examine(process.env, (line) => process.stdout.write(`${line}\n`));
process.exitCode = healthy ? 0 : 1;
