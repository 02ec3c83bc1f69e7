/**
 * What is at the bottom of an error: `fetch`, and the clients of Redis and of collectors, wrap the error of the system, some of
 * them twice. Of an `AggregateError` (several IP addresses were tried) the first error is enough.
 */

/** The code of an error (`ECONNREFUSED`), or of the nearest of its causes that has one; undefined when none has. */
export function errorCode(error: unknown): string | undefined {
  for (const each of chainOf(error)) {
    // Its own code is no more than that of its first error.
    if (each instanceof AggregateError && each.errors.length > 0) continue;
    if (each instanceof Error && 'code' in each && typeof each.code === 'string') return each.code;
  }
  return undefined;
}

/** The message of the innermost cause of an error, or its code, or its name. */
export function innermostMessage(error: unknown): string {
  const inner = chainOf(error).at(-1);
  return inner instanceof Error ? inner.message || (errorCode(inner) ?? inner.name) : String(inner);
}

/** An error and its causes, the innermost last, each once: errors of other programs may have themselves as their cause. */
function chainOf(error: unknown): unknown[] {
  const chain = new Set([error]);
  for (const each of chain) {
    if (!(each instanceof Error)) continue;
    const [first]: unknown[] = each instanceof AggregateError ? each.errors : [];
    const cause = first ?? each.cause;
    if (cause !== undefined && cause !== null) chain.add(cause);
  }
  return [...chain];
}
