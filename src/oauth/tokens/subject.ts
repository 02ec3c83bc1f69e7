/** The subject identifier of tokens. @see OpenID Connect Core section 8 */
import type { Account } from '../../store/records.ts';

/** The numeric id of the GitHub account, which does not change when the account is renamed. */
export function subjectOf(account: Account): string {
  return String(account.id);
}
