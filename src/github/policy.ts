/**
 * The policy: who may sign in (`ALLOWED_GITHUB_USERS`, `ALLOWED_GITHUB_ORGS`), and who is an administrator. A login in
 * these settings is pinned to the first numeric id that used it: a person who is renamed keeps the access, and another
 * account that takes the old login does not get it.
 */
import { z } from 'zod';
import type { OrganizationRule, UserRule } from '../config/config.ts';
import { UpstreamFailure } from '../oauth/upstream.ts';
import type { Account } from '../store/records.ts';
import type { SharedStore } from '../store/store.ts';
import type { GithubAnswer } from './api.ts';
import { GithubTrouble } from './trouble.ts';

/** Name of the stored document with the pins: login → numeric id. */
const PINS_DOCUMENT = 'login-pins';
/** Milliseconds after which the pins are read from the store again. */
const PINS_CACHE_TTL = 60_000;
const pinsSchema = z.record(z.string(), z.number());

/** Calls `GET path` of GitHub's API with the person's token. */
type AskGithub = (path: string) => Promise<GithubAnswer>;

export interface Policy {
  /** Scopes that the policy requests from GitHub. */
  readonly scope: readonly string[];
  /**
   * Checks that a person may use this bridge.
   * @param account the account as GitHub describes it now; or as it was stored, then with `presentAccount`
   * @param ask calls GitHub's API about memberships
   * @param presentAccount reads the account from GitHub; called only if the login matters, because a stored login may
   *   be out of date and belong to another account now
   * @throws {UpstreamFailure} access_denied when the person is not allowed, temporarily_unavailable when GitHub cannot
   *   be asked
   * @throws {GithubTrouble} of `presentAccount`
   */
  admit(account: Account, ask: AskGithub, presentAccount?: () => Promise<Account>): Promise<void>;
  /** Whether `ADMIN_GITHUB_USERS` names the account. */
  isAdministrator(account: Account): Promise<boolean>;
}

interface PolicyOptions {
  readonly users: readonly UserRule[];
  readonly organizations: readonly OrganizationRule[];
  readonly administrators: readonly UserRule[];
  readonly store: SharedStore;
}

/** Creates the policy from the settings. */
export function createPolicy({ users, organizations, administrators, store }: PolicyOptions): Policy {
  const open = users.length === 0 && organizations.length === 0;
  const dependsOnLogin = users.some((rule) => 'login' in rule) || organizations.some(({ team }) => team !== undefined);
  let pins: { ids: Record<string, number>; version: number; readAt: number } | undefined;

  async function readPins(): Promise<{ ids: Record<string, number>; version: number }> {
    if (pins === undefined || Date.now() - pins.readAt > PINS_CACHE_TTL) {
      const { version, value } = await store.readDocument(PINS_DOCUMENT);
      pins = { ids: version === 0 ? {} : pinsSchema.parse(JSON.parse(value)), version, readAt: Date.now() };
    }
    return pins;
  }

  /**
   * Pins the account's login to its id, if a rule names the login and it is not pinned yet.
   * @param account as GitHub describes it now
   */
  async function pin(account: Account): Promise<void> {
    const login = account.login.toLowerCase();
    if (![...users, ...administrators].some((rule) => 'login' in rule && rule.login === login)) return;
    for (;;) {
      const { ids, version } = await readPins();
      if (ids[login] !== undefined) return;
      const written = await store.writeDocument(
        PINS_DOCUMENT,
        version,
        JSON.stringify({ ...ids, [login]: account.id }),
      );
      pins = undefined;
      if (written) return;
    }
  }

  /** Whether one of the rules names the account, by its id or by a login that is pinned to its id. */
  async function isNamed(rules: readonly UserRule[], { id, login }: Account): Promise<boolean> {
    if (rules.some((rule) => 'id' in rule && rule.id === id)) return true;
    const logins = rules.flatMap((rule) => ('login' in rule ? rule.login : []));
    if (logins.length === 0) return false;
    const isPinned = async () => {
      const { ids } = await readPins();
      return logins.some((login) => ids[login] === id);
    };
    if (await isPinned()) return true;
    // Another replica may have pinned the login since the pins were read.
    if (!logins.includes(login.toLowerCase()) || pins?.ids[login.toLowerCase()] !== undefined) return false;
    pins = undefined;
    return isPinned();
  }

  async function isMemberOfAny(account: Account, ask: AskGithub): Promise<boolean> {
    const asked = await Promise.allSettled(organizations.map((rule) => isMember(rule, account, ask)));
    if (asked.some((answer) => answer.status === 'fulfilled' && answer.value)) return true;
    // An organisation that could not be asked might be the one that allows the person, so this is not a refusal.
    for (const answer of asked) if (answer.status === 'rejected') throw answer.reason;
    return false;
  }

  return {
    scope: organizations.length === 0 ? [] : ['read:org'],
    async admit(account, ask, presentAccount) {
      if (presentAccount === undefined) await pin(account);
      if (open || (await isNamed(users, account))) return;
      const present = presentAccount !== undefined && dependsOnLogin ? await presentAccount() : account;
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

/**
 * Whether an account is an active member of an organisation or a team.
 * @see https://docs.github.com/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user
 */
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
    // 403 means that the organisation does not let this app read memberships; the policy counts that as no membership.
    if (error.kind === 'not_found' || error.kind === 'forbidden') return false;
    throw new UpstreamFailure(
      'temporarily_unavailable',
      'github_unreachable',
      'GitHub cannot be asked about the membership now: try again',
      { cause: error, detail: error.message },
    );
  }
}
