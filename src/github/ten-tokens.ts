/**
 * The id of a credential. GitHub keeps ten tokens per user, app and scope set, and silently revokes the oldest. So a
 * person has one credential per scope set that GitHub granted: all of that person's sessions share it, and each login
 * replaces its tokens (design decision 9). The replaced tokens, at most ten pairs, are kept until they are revoked with
 * the credential (`MAX_SUPERSEDED_PAIRS` in `../store/store.ts`).
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 */
import { createHash } from 'node:crypto';

/**
 * The id of a person's credential; it is the same for each login in which GitHub granted these scopes to this app.
 * @param grantedScope the granted scopes, sorted
 */
export function credentialId(appClientId: string, grantedScope: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([appClientId, grantedScope]))
    .digest('base64url')
    .slice(0, 16);
}
