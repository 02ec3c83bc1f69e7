/**
 * Who may in: `ALLOWED_GITHUB_USERS`, `ALLOWED_GITHUB_ORGS`, and who administers. A login named there is pinned to the
 * first numeric id that used it: a renamed person stays who they are, and a recycled login is nobody.
 */
import { z } from 'zod';
import type { OrganizationRule, UserRule } from '../config/config.ts';
import { UpstreamFailure } from '../oauth/upstream.ts';
import type { Account } from '../store/records.ts';
import type { SharedStore } from '../store/store.ts';
import type { GithubAnswer } from './api.ts';
import { GithubTrouble } from './trouble.ts';

const PINS = 'login-pins';
/** Milliseconds for which pins are believed before they are read again. */
const PINS_KEPT = 60_000;
const pinsSchema = z.record(z.string(), z.number());

/** Asks GitHub as the person. */
type AskGithub = (path: string) => Promise<GithubAnswer>;

export interface Policy {
  /** Scopes that the policy needs from GitHub. */
  readonly scope: readonly string[];
  /**
   * Whether a person may use this bridge.
   * @param account as GitHub says it is now, or as it was stored: then its login may be out of date, and somebody
   * else's by now
   * @param presentAccount asks GitHub for the account, when it was stored and the login matters
   * @throws {UpstreamFailure} access_denied when not, temporarily_unavailable when GitHub cannot be asked
   * @throws {GithubTrouble} of `presentAccount`
   */
  admit(account: Account, ask: AskGithub, presentAccount?: () => Promise<Account>): Promise<void>;
  isAdministrator(account: Account): Promise<boolean>;
}

interface PolicyOptions {
  readonly users: readonly UserRule[];
  readonly organizations: readonly OrganizationRule[];
  readonly administrators: readonly UserRule[];
  readonly store: SharedStore;
}

export function createPolicy({ users, organizations, administrators, store }: PolicyOptions): Policy {
  const open = users.length === 0 && organizations.length === 0;
  const goesByLogin = users.some((rule) => 'login' in rule) || organizations.some(({ team }) => team !== undefined);
  let pins: { ids: Record<string, number>; version: number; readAt: number } | undefined;

  async function readPins(): Promise<{ ids: Record<string, number>; version: number }> {
    if (pins === undefined || Date.now() - pins.readAt > PINS_KEPT) {
      const { version, value } = await store.readDocument(PINS);
      pins = { ids: version === 0 ? {} : pinsSchema.parse(JSON.parse(value)), version, readAt: Date.now() };
    }
    return pins;
  }

  /** Pins those logins of the rules that this account is the first to use. @param account as GitHub says it is now */
  async function pin(account: Account): Promise<void> {
    const login = account.login.toLowerCase();
    if (![...users, ...administrators].some((rule) => 'login' in rule && rule.login === login)) return;
    for (;;) {
      const { ids, version } = await readPins();
      if (ids[login] !== undefined) return;
      const written = await store.writeDocument(PINS, version, JSON.stringify({ ...ids, [login]: account.id }));
      pins = undefined;
      if (written) return;
    }
  }

  /** Whether an account is named, by its id or by a login that is pinned to it. */
  async function isNamed(rules: readonly UserRule[], { id, login }: Account): Promise<boolean> {
    if (rules.some((rule) => 'id' in rule && rule.id === id)) return true;
    const logins = rules.flatMap((rule) => ('login' in rule ? rule.login : []));
    if (logins.length === 0) return false;
    const isPinned = async () => {
      const { ids } = await readPins();
      return logins.some((login) => ids[login] === id);
    };
    if (await isPinned()) return true;
    // What another replica pinned within the minute counts as well.
    if (!logins.includes(login.toLowerCase()) || pins?.ids[login.toLowerCase()] !== undefined) return false;
    pins = undefined;
    return isPinned();
  }

  async function isMemberOfAny(account: Account, ask: AskGithub): Promise<boolean> {
    const asked = await Promise.allSettled(organizations.map((rule) => isMember(rule, account, ask)));
    if (asked.some((answer) => answer.status === 'fulfilled' && answer.value)) return true;
    // One that could not be asked might have been the one.
    for (const answer of asked) if (answer.status === 'rejected') throw answer.reason;
    return false;
  }

  return {
    scope: organizations.length === 0 ? [] : ['read:org'],
    async admit(account, ask, presentAccount) {
      if (presentAccount === undefined) await pin(account);
      if (open || (await isNamed(users, account))) return;
      const present = presentAccount !== undefined && goesByLogin ? await presentAccount() : account;
      if (present.id === account.id) {
        await pin(present);
        if ((await isNamed(users, present)) || (await isMemberOfAny(present, ask))) return;
      }
      throw new UpstreamFailure('access_denied', 'not_allowed', 'this GitHub account may not use this server', {
        detail: `${present.login} (${account.id}) is not allowed here`,
        login: present.login,
      });
    },
    isAdministrator: (account) => isNamed(administrators, account),
  };
}

/** @see https://docs.github.com/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user */
async function isMember({ organization, team }: OrganizationRule, account: Account, ask: AskGithub): Promise<boolean> {
  const path =
    team === undefined
      ? `/user/memberships/orgs/${encodeURIComponent(organization)}`
      : `/orgs/${encodeURIComponent(organization)}/teams/${encodeURIComponent(team)}/memberships/${encodeURIComponent(account.login)}`;
  try {
    const { data } = await ask(path);
    return z.object({ state: z.string() }).safeParse(data).data?.state === 'active';
  } catch (error) {
    if (!(error instanceof GithubTrouble)) throw error;
    // 403 says the organisation does not let this app see; to the policy that is: not shown to be a member.
    if (error.kind === 'not_found' || error.kind === 'forbidden') return false;
    throw new UpstreamFailure(
      'temporarily_unavailable',
      'github_unreachable',
      'GitHub cannot be asked about the membership now: try again',
      { cause: error, detail: error.message },
    );
  }
}
