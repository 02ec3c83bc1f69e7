/**
 * GitHub's authorization response at the callback: reads its code, or translates its error to an UpstreamFailure.
 * @see https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-authorization-request-errors
 */
import { UpstreamFailure } from '../oauth/upstream.ts';
import type { Parameters } from '../protocol/parameters.ts';

/**
 * Reads the code of a response.
 * @param githubIssuer GitHub's issuer; if the response has `iss`, it must be equal (RFC 9207 section 2.4)
 * @throws {UpstreamFailure} when the response is an error, has no code, or comes from another issuer
 */
export function codeOfResponse(parameters: Parameters, githubIssuer: string): string {
  const iss = parameters.get('iss');
  if (iss !== undefined && iss !== githubIssuer) {
    const description = 'the answer came from another issuer than GitHub';
    throw new UpstreamFailure('server_error', 'github_misconfigured', description, { detail: `iss=${iss}` });
  }
  const code = parameters.get('code');
  const error = parameters.get('error');
  if (error === undefined && code !== undefined) return code;
  const detail = `${error}: ${parameters.get('error_description') ?? ''}`;
  switch (error) {
    case undefined: {
      // GitHub never sends such a response; the URL was changed or copied incompletely.
      const description = 'the answer has neither a code nor an error';
      throw new UpstreamFailure('server_error', 'expired_request', description, { detail: 'no code' });
    }
    case 'access_denied':
      throw new UpstreamFailure('access_denied', 'github_denied', 'the person declined at GitHub', { detail });
    case 'application_suspended': {
      const description = 'GitHub has suspended the app of this server';
      throw new UpstreamFailure('temporarily_unavailable', 'github_suspended', description, { detail });
    }
    default: {
      const description = 'GitHub does not take the configuration of this server';
      throw new UpstreamFailure('server_error', 'github_misconfigured', description, { detail });
    }
  }
}
