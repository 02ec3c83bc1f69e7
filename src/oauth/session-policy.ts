/**
 * The operator's policy for a session that lives: applied when its client refreshes, and as often to the streams that it holds
 * open meanwhile (design decision 10).
 */
import type { Session } from '../store/records.ts';
import type { SessionEnding } from './session-ending.ts';
import { type Upstream, UpstreamFailure } from './upstream.ts';

export interface PolicyServices {
  readonly upstream: Pick<Upstream, 'recheck'>;
  readonly sessionEnding: Pick<SessionEnding, 'end'>;
}

/**
 * Checks that the person may still use this server and that the credential lives, and ends the session if not.
 * @throws {UpstreamFailure} `access_denied` when the session has ended; another code when it cannot be checked now
 */
export async function applyPolicy(
  { upstream, sessionEnding }: PolicyServices,
  { grant, credential }: Session,
): Promise<void> {
  try {
    await upstream.recheck(credential, grant.authTime);
  } catch (error) {
    // A session whose credential is dead has ended already.
    if (error instanceof UpstreamFailure && error.code === 'access_denied' && error.page === 'not_allowed')
      await sessionEnding.end(grant.ref, 'not_allowed', 'operator');
    throw error;
  }
}
