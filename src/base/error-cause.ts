/**
 * What is at the bottom of an error: `fetch`, and the clients of Redis and of collectors, wrap the error of the system, some of
 * them twice. Of an `AggregateError` (several IP addresses were tried) the first error is enough.
 */

/** The code of an error (`ECONNREFUSED`), or of the nearest of its causes that has one; undefined when none has. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [first] = error instanceof AggregateError ? error.errors : [];
  if (first !== undefined) return errorCode(first);
  return 'code' in error && typeof error.code === 'string' ? error.code : errorCode(error.cause);
}

/** The innermost cause of an error; the error itself when it has none. */
function innermostCause(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const [inner = error.cause] = error instanceof AggregateError ? error.errors : [];
  return inner === undefined ? error : innermostCause(inner);
}

/** The message of the innermost cause of an error, or its code, or its name. */
export function innermostMessage(error: unknown): string {
  const inner = innermostCause(error);
  return inner instanceof Error ? inner.message || (errorCode(inner) ?? inner.name) : String(inner);
}
