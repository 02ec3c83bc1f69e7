/**
 * GitHub keeps ten tokens for a user, an app and a scope set, and revokes the oldest without a word. So a person has one
 * credential for each scope set that GitHub granted: all of that person's sessions share it, and each login renews it
 * (design decision 9). What a renewal supersedes is kept, up to those ten, and revoked with the credential
 * (`SUPERSEDED_KEPT` in `../store/store.ts`).
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 */
import { createHash } from 'node:crypto';

/**
 * The id of a person's credential: the same for each login in which GitHub granted these scopes to this app.
 * @param grantedScope sorted
 */
export function credentialId(appClientId: string, grantedScope: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([appClientId, grantedScope]))
    .digest('base64url')
    .slice(0, 16);
}
