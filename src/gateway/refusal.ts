/** What the gateway answers itself: JSON-RPC errors over HTTP, with the id of the request that they answer. */

/** JSON-RPC 2.0 section 5.1 and MCP, "Error Handling". */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  invalidParams: -32602,
  /** A server error that the specification does not define. */
  server: -32000,
  /** Header and body contradict each other (MCP 2026-07-28). */
  headerMismatch: -32020,
} as const;

/** Why a request does not reach the MCP server, or its answer does not reach the client; for the log and the metrics. */
export type Outcome =
  | 'answered'
  | 'refused'
  | 'denied'
  | 'step_up'
  | 'session_over'
  | 'unreachable'
  | 'timeout'
  | 'broken'
  | 'closed';

/** A request that the gateway answers itself. The message is for the client. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: number;
  readonly outcome: Outcome;
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    outcome: Outcome,
    message: string,
    options: { code?: number; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = status;
    this.outcome = outcome;
    this.code = options.code ?? (status < 500 ? RPC.invalidRequest : RPC.server);
    this.retryAfter = options.retryAfter;
  }
}

/** The body of a refusal. @param id as it stands in the request, in JSON */
export function refusalBody(code: number, message: string, id: string): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message })}}`;
}
