/** Loads the Lua scripts: each is a file in scripts/, with the preludes that it needs before it. Makes JSON for them. */
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

/** JSON that scripts can parse: cjson refuses lone surrogates, which a JSON request can contain. */
export function scriptJson(value: unknown): string {
  const json = JSON.stringify(value);
  // A surrogate is escaped only when it is alone.
  return json.includes('\\ud') ? JSON.stringify(value, wellFormed) : json;
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}
