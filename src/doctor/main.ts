/**
 * `npm run doctor`: prints one line per finding, and exits with code 1 if one of them is a problem; with 2 for a wrong command
 * line, and for a `.env` that cannot be read; with 130 after Ctrl-C.
 */
import { parseArgs } from 'node:util';
import { calledAs } from '../called-as.ts';
import { outliveReaders } from '../closed-output.ts';
import { ConfigurationError } from '../config/config.ts';
import { withEnvFile } from '../config/env-file.ts';
import { type Examination, examine, lineOf, type Result, resultsOf } from './doctor.ts';

const EXIT_MISUSE = 2;
/** 128 and the number of the signal. */
const EXIT_INTERRUPTED = 130;
const USAGE = `usage: ${calledAs('doctor')} [--json]

Checks the settings against GitHub, the store, PUBLIC_URL and the other systems that they name, and changes nothing there.

  --json  prints one JSON document: findings with check, level (ok, warning or problem), text and remedy
  --help  prints this

Exit codes: 0 no problem, 1 a problem, 2 a wrong command line or .env, 130 interrupted.`;

outliveReaders();
const options = optionsOf(process.argv.slice(2));
if ('wrong' in options) {
  process.stderr.write(`${options.wrong}\n\n${USAGE}\n`);
  process.exitCode = EXIT_MISUSE;
} else if (options.help) process.stdout.write(`${USAGE}\n`);
else await run(options.json);

function optionsOf(args: string[]): { wrong: string } | { json: boolean; help: boolean } {
  try {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
    return { json: values.json === true, help: values.help === true };
  } catch (error) {
    const [what = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    return { wrong: `doctor: ${what.charAt(0).toLowerCase()}${what.slice(1).replace(/\.$/, '')}` };
  }
}

async function run(json: boolean): Promise<void> {
  const print = (results: readonly Result[]) => {
    if (json) process.stdout.write(`${JSON.stringify({ findings: results }, null, 2)}\n`);
    else for (const result of results) process.stdout.write(`${lineOf(result)}\n`);
  };
  let state: Examination | undefined;
  const show = (line: string) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${line}`);
  process.once('SIGINT', () => {
    show('');
    // A document of some of the findings would read as one of all.
    if (!json) print(state?.results ?? []);
    process.stderr.write(`interrupted; not finished: ${state?.pending.join(', ') || 'nothing'}\n`);
    process.exit(EXIT_INTERRUPTED);
  });
  let results: readonly Result[];
  try {
    results = await examine(withEnvFile(process.env), (examination) => {
      state = examination;
      show(examination.pending.length > 0 ? `checking: ${examination.pending.join(', ')}` : '');
    });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    print(resultsOf(error));
    process.exitCode = EXIT_MISUSE;
    return;
  }
  print(results);
  process.exitCode = results.some(({ level }) => level === 'problem') ? 1 : 0;
}
