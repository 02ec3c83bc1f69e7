/** The subject identifier: GitHub's numeric id, which survives renames. @see OpenID Connect Core section 8 */
import type { Account } from '../../store/records.ts';

export function subjectOf(account: Account): string {
  return String(account.id);
}
