/** How the operator calls a program of the bridge, for messages that name one. */

/** The package has the compiled JavaScript of this file, the repository has its TypeScript. */
const PACKAGED = import.meta.url.endsWith('.js');

/** The command line for a program, without its arguments. */
export function calledAs(program: 'start' | 'admin' | 'doctor'): string {
  if (PACKAGED) return `npx mcp-github-bridge ${program}`;
  return program === 'start' ? 'npm start' : `npm run ${program} --`;
}
