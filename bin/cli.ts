#!/usr/bin/env node
/** `npx mcp-github-bridge COMMAND`: the programs of the bridge, from the package. */
import { readFileSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const USAGE = `usage: npx mcp-github-bridge [COMMAND]

  start          starts the bridge; this is what happens without a command
  demo           starts it with a simulated GitHub, without any settings
  demo-github    starts the simulated GitHub alone, to try a server of your own
  doctor [...]   checks the settings against GitHub, the store and the public address; --json, --help
  admin [...]    the operator's commands; without one it lists them
  --help         prints this
  --version      prints the version

The settings are environment variables, or lines of the file .env in the current folder (not for the demo).`;
/** Exit code for a wrong command line, and for a Node that is too old. */
const EXIT_MISUSE = 2;

/** The programs. Each reads `process.argv` as if it had been started by itself. */
const PROGRAMS = new Map<string, { readonly takesArguments?: boolean; run(): Promise<unknown> }>([
  ['start', { run: () => import('../src/main.ts') }],
  ['demo', { run: () => import('../demo/main.ts') }],
  ['demo-github', { run: () => import('../demo/github/main.ts') }],
  ['doctor', { takesArguments: true, run: () => import('../src/doctor/main.ts') }],
  ['admin', { takesArguments: true, run: () => import('../src/admin/main.ts') }],
]);

const manifest: { version: string; engines: { node: string } } = JSON.parse(
  readFileSync(fileURLToPath(import.meta.resolve('mcp-github-bridge/package.json')), 'utf8'),
);

/** Whether this Node is the one of `engines` or a newer one; npm itself only warns. */
function isNewEnough(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = manifest.engines.node.replace('>=', '').split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function refuse(problem: string): void {
  process.stderr.write(`mcp-github-bridge: ${problem}\n`);
  process.exitCode = EXIT_MISUSE;
}

const [node = '', self = '', ...args] = process.argv;
const [name = 'start', ...rest] = args;
const program = PROGRAMS.get(name);
const unknown = program === undefined ? name : program.takesArguments ? undefined : rest[0];

if (args.includes('--help') && program?.takesArguments !== true) process.stdout.write(`${USAGE}\n`);
else if (name === '--version') process.stdout.write(`${manifest.version}\n`);
else if (program === undefined || unknown !== undefined) refuse(`unknown command or option "${unknown}"\n\n${USAGE}`);
else if (!isNewEnough()) refuse(`needs Node ${manifest.engines.node}, and this is ${process.versions.node}`);
else {
  // Without a compile cache a start takes twice as long. It is in the folder of this package, for the reason that
  // src/cached-main.js gives. Where it cannot be written, Node goes on without.
  module.enableCompileCache(fileURLToPath(new URL('../.cache/compiled/', import.meta.url)));
  process.argv = [node, self, ...rest];
  await program.run();
}
