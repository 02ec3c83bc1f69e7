/** Findings: the result of a check, and the finding for a request that failed, with a remedy for the operator. */
import { errorCode, innermostMessage } from '../base/error-cause.ts';

/** The result of one check, printed as one line: `ok`, or a problem and its remedy. */
export type Finding =
  | { readonly check: string; readonly ok: string }
  | { readonly check: string; readonly warning: string }
  | { readonly check: string; readonly problem: string; readonly remedy: string };

/** Milliseconds within which a system must answer. */
export const TIMEOUT = 10_000;

/** Sends a request. Redirects are not followed. @throws {Error} when there is no answer within {@link TIMEOUT} */
export function probe(address: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has('User-Agent')) headers.set('User-Agent', 'mcp-github-bridge');
  return fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT), ...init, headers });
}

/** Error codes of Node's TLS for a certificate that no trusted authority has signed. */
const UNTRUSTED_CERTIFICATE =
  /^(?:UNABLE_TO_\w+|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_UNTRUSTED|ERR_SSL_\w+)$/;

/**
 * The finding for a request that failed.
 * @param variable the setting that contains the address
 */
export function unreachable(check: string, address: string, variable: string, error: unknown): Finding {
  const reason = reasonOf(error);
  const problem = `${new URL(address).origin} cannot be reached (${reason})`;
  if (UNTRUSTED_CERTIFICATE.test(reason)) {
    const remedy = 'Name the certificate of your own authority in NODE_EXTRA_CA_CERTS=/path/to/ca.pem.';
    return { check, problem: `the certificate of ${new URL(address).origin} is not trusted (${reason})`, remedy };
  }
  if (/^(?:CERT_\w+|ERR_TLS_\w+)$/.test(reason))
    return { check, problem, remedy: `Renew the certificate there, or name the right host in ${variable}.` };
  const remedy = `Check ${variable}, the name server, the firewall and, behind a proxy, NODE_USE_ENV_PROXY=1 with HTTPS_PROXY.`;
  return { check, problem, remedy };
}

/** The code or the message of a request that failed. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer in ${TIMEOUT / 1000} seconds`;
  return errorCode(error) ?? innermostMessage(error);
}
