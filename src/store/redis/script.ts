/** Lua scripts: each is a file in scripts/. Its source is sent to Redis after those of the preludes it needs. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A script and its SHA-1 digest, with which `EVALSHA` names it. */
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
