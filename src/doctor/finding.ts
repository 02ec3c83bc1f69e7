/** What a check found, and the ways in which asking over the network fails, in words that an operator can act on. */

/** One line of the doctor's: what is well, or what is wrong and what to do about it. */
export type Finding =
  | { readonly check: string; readonly ok: string }
  | { readonly check: string; readonly warning: string }
  | { readonly check: string; readonly problem: string; readonly remedy: string };

export const isProblem = (finding: Finding): boolean => 'problem' in finding;

/** Milliseconds that each part has to answer. */
export const TIMEOUT = 10_000;

/** `fetch` that does not follow redirects, and ends in time. */
export function ask(address: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'User-Agent': 'mcp-github-bridge', ...init.headers };
  return fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT), ...init, headers });
}

/** Codes of Node's TLS for certificates that nobody vouches for. */
const UNTRUSTED =
  /^(?:UNABLE_TO_\w+|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_UNTRUSTED|ERR_SSL_\w+)$/;

/**
 * Why an address could not be asked.
 * @param variable the one that names the address
 */
export function unreachable(check: string, address: string, variable: string, error: unknown): Finding {
  const code = codeOf(error);
  const problem = `${new URL(address).origin} cannot be reached (${code})`;
  if (UNTRUSTED.test(code)) {
    const remedy = 'Name the certificate of your own authority in NODE_EXTRA_CA_CERTS=/path/to/ca.pem.';
    return { check, problem: `the certificate of ${new URL(address).origin} is not trusted (${code})`, remedy };
  }
  if (/^(?:CERT_\w+|ERR_TLS_\w+)$/.test(code))
    return { check, problem, remedy: `Renew the certificate there, or name the right host in ${variable}.` };
  const remedy = `Check ${variable}, the name server, the firewall and, behind a proxy, NODE_USE_ENV_PROXY=1 with HTTPS_PROXY.`;
  return { check, problem, remedy };
}

/** What an error says at the bottom of its causes: a code, mostly. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError') return `no answer in ${TIMEOUT / 1000} seconds`;
  // Several addresses were tried: the first tells enough.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.message : codeOf(error.cause);
}
