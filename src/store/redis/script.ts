/** Lua scripts: each is a file of its own in scripts/, behind the preludes it needs. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A script and the digest by which Redis knows it. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/**
 * Loads `scripts/<name>.lua`.
 * @param preludes further files that stand before it, after prelude.lua
 */
export function loadScript(name: string, ...preludes: string[]): Script {
  const source = ['prelude', ...preludes, name]
    .map((file) => readFileSync(new URL(`./scripts/${file}.lua`, import.meta.url), 'utf8'))
    .join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
