/** What the client gets when an MCP server did not answer. */
import { errors } from 'undici';
import { Refusal } from './refusal.ts';

/**
 * The answer for the client.
 * @param error of the exchange
 */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof errors.HeadersTimeoutError)
    return new Refusal(504, 'timeout', 'the MCP server did not answer in time', { cause: error });
  return isUnreachable(error)
    ? new Refusal(502, 'unreachable', 'the MCP server cannot be reached', { cause: error })
    : new Refusal(502, 'broken', 'the MCP server broke the connection, or the protocol', { cause: error });
}

function isUnreachable(error: unknown): boolean {
  // A name with several addresses: one error for each.
  if (error instanceof AggregateError) return error.errors.every(isUnreachable);
  if (error instanceof errors.ConnectTimeoutError) return true;
  return (
    error instanceof Error && 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')
  );
}
