/** Loads the Lua scripts. Each is a file in scripts/; the preludes that it needs are put before it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The source of a script, and its SHA-1 digest for `EVALSHA`. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/**
 * Loads `scripts/<name>.lua`.
 * @param preludes files to put before it, after prelude.lua
 */
export function loadScript(name: string, ...preludes: string[]): Script {
  const source = ['prelude', ...preludes, name]
    .map((file) => readFileSync(new URL(`./scripts/${file}.lua`, import.meta.url), 'utf8'))
    .join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
