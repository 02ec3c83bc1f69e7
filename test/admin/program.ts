// The admin command as the operator runs it.
import { type Ended, type Program, start } from '../programs.ts';

/** Lines that a command writes every five seconds (terminal.test.ts): on a busy machine any may take as long. */
const PROGRESS = /^\d+ (?:of \d+ )?(?:people|pages) (?:checked|imported|exported|copied)\n/gm;

/** Starts the command with this environment. What it said on standard error comes without lines of progress. */
export function startAdmin(env: Record<string, string>, args: readonly string[]): Program {
  const { child, ended } = start('admin/main.ts', env, args);
  return { child, ended: ended.then(withoutProgress) };
}

/** What a command has said, without lines of progress. */
export function withoutProgress({ stderr, ...rest }: Ended): Ended {
  return { ...rest, stderr: stderr.replace(PROGRESS, '') };
}
