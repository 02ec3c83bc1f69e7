/**
 * The policy: who may sign in (`ALLOWED_GITHUB_USERS`, `ALLOWED_GITHUB_ORGS`), and who is an administrator. A login or an
 * organization in these settings is pinned to the first numeric id that had the name (`pins.ts`): an account or an
 * organization that takes an old name later does not get its access.
 */
import { z } from 'zod';
import type { OrganizationRule, UserRule } from '../config/config.ts';
import { UpstreamFailure } from '../oauth/upstream.ts';
import type { Account } from '../store/records.ts';
import type { SharedStore } from '../store/store.ts';
import type { GithubAnswer } from './api.ts';
import { createPins, type Pins } from './pins.ts';
import { GithubTrouble } from './trouble.ts';

const membershipSchema = z.object({ state: z.string(), organization: z.object({ id: z.number() }).optional() });

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
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Creates the policy from the settings. */
export function createPolicy(options: PolicyOptions): Policy {
  const { users, organizations, administrators, store, now } = options;
  // Names and ids of one GitHub: the store belongs to it (store-origin.ts).
  const open = users.length === 0 && organizations.length === 0;
  const dependsOnLogin = users.some((rule) => 'login' in rule) || organizations.some(({ team }) => team !== undefined);
  const logins = createPins(store, 'login-pins', now);
  const organizationNames = createPins(store, 'organization-pins', now);

  /**
   * Pins the account's login to its id, if a rule names the login and it is not pinned yet.
   * @param account as GitHub describes it now
   */
  async function pin(account: Account): Promise<void> {
    const login = account.login.toLowerCase();
    if ([...users, ...administrators].some((rule) => 'login' in rule && rule.login === login))
      await logins.pin(login, account.id);
  }

  /** Whether one of the rules names the account, by its id or by a login that is pinned to its id. */
  async function isNamed(rules: readonly UserRule[], { id, login }: Account): Promise<boolean> {
    if (rules.some((rule) => 'id' in rule && rule.id === id)) return true;
    const named = rules.flatMap((rule) => ('login' in rule ? rule.login : []));
    if (named.length === 0) return false;
    if (await logins.isPinned(named, id)) return true;
    const own = login.toLowerCase();
    return named.includes(own) && (await logins.idOf(own)) === id;
  }

  /** Why none of the organizations allows an account; undefined when one does. */
  async function whyNoMember(account: Account, ask: AskGithub): Promise<string[] | undefined> {
    const asked = await Promise.allSettled(
      organizations.map((rule) => whyNotMember(organizationNames, rule, account, ask)),
    );
    const reasons: string[] = [];
    for (const answer of asked) {
      if (answer.status === 'rejected') continue;
      if (answer.value === undefined) return undefined;
      reasons.push(answer.value);
    }
    // An organization that could not be asked might be the one that allows the person, so this is not a refusal.
    for (const answer of asked) if (answer.status === 'rejected') throw answer.reason;
    return reasons;
  }

  return {
    scope: organizations.length === 0 ? [] : ['read:org'],
    async admit(account, ask, presentAccount) {
      if (presentAccount === undefined) await pin(account);
      if (open || (await isNamed(users, account))) return;
      const present = presentAccount !== undefined && dependsOnLogin ? await presentAccount() : account;
      let reasons: string[] = [];
      if (present.id === account.id) {
        // A stored login may belong to somebody else by now, so only what GitHub has just said is pinned.
        if (present !== account) {
          await pin(present);
          if (await isNamed(users, present)) return;
        }
        const found = await whyNoMember(present, ask);
        if (found === undefined) return;
        reasons = found;
      }
      throw new UpstreamFailure('access_denied', 'not_allowed', 'this GitHub account may not use this server', {
        detail: [`${present.login} (${account.id}) is not allowed here`, ...reasons].join('; '),
        login: present.login,
      });
    },
    isAdministrator: (account) => isNamed(administrators, account),
  };
}

/**
 * Why an account is not an active member of an organization, or of a team when the rule names one; undefined when it is. The
 * organization is the one whose id is pinned to the name: if it was renamed, and another took its old name, nobody is a
 * member.
 * @see https://docs.github.com/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user
 */
async function whyNotMember(
  organizationNames: Pins,
  { organization, team }: OrganizationRule,
  account: Account,
  ask: AskGithub,
): Promise<string | undefined> {
  const path = `/user/memberships/orgs/${encodeURIComponent(organization)}`;
  const membership = membershipSchema.safeParse(await askAboutMembership(path, ask)).data;
  const id = membership?.organization?.id;
  if (membership?.state !== 'active' || id === undefined) return `no active member of ${organization}`;
  const pinned = await organizationNames.pin(organization.toLowerCase(), id);
  if (pinned !== id)
    return `${organization} is now another organization (id ${id}) than the one that was meant (id ${pinned})`;
  if (team === undefined) return undefined;
  const [owner, slug, login] = [organization, team, account.login].map(encodeURIComponent);
  const ofTeam = await askAboutMembership(`/orgs/${owner}/teams/${slug}/memberships/${login}`, ask);
  const active = membershipSchema.safeParse(ofTeam).data?.state === 'active';
  return active ? undefined : `no active member of ${organization}/${team}`;
}

/** A membership document; undefined when GitHub shows none. @throws {UpstreamFailure} when GitHub cannot be asked */
async function askAboutMembership(path: string, ask: AskGithub): Promise<unknown> {
  try {
    return (await ask(path)).data;
  } catch (error) {
    if (!(error instanceof GithubTrouble)) throw error;
    // 403 says that the organization does not let this app see its members: nobody is shown to be one.
    if (error.kind === 'not_found' || error.kind === 'forbidden') return undefined;
    throw new UpstreamFailure(
      'temporarily_unavailable',
      'github_unreachable',
      'GitHub cannot be asked about the membership now: try again',
      { cause: error, detail: error.message },
    );
  }
}
