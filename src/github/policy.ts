/**
 * Who may in: `ALLOWED_GITHUB_USERS`, `ALLOWED_GITHUB_ORGS`, and who administers. A login named there is pinned to the
 * first numeric id that used it: a renamed person stays who they are, and a recycled login is nobody.
 */
import { z } from 'zod';
import type { OrganizationRule, UserRule } from '../config.ts';
import { UpstreamFailure } from '../oauth/upstream.ts';
import type { Account } from '../store/records.ts';
import type { SharedStore } from '../store/store.ts';
import { type GithubAnswer, GithubTrouble } from './client.ts';

const PINS = 'login-pins';
/** Milliseconds for which pins are believed before they are read again. */
const PINS_KEPT = 60_000;
const pinsSchema = z.record(z.string(), z.number());

/** Asks GitHub as the person. */
export type AskGithub = (path: string) => Promise<GithubAnswer>;

export interface Policy {
  /** Scopes that the policy needs from GitHub. */
  readonly scope: readonly string[];
  /**
   * Whether a person may use this bridge.
   * @throws {UpstreamFailure} access_denied when not, temporarily_unavailable when GitHub cannot be asked
   */
  admit(account: Account, ask: AskGithub): Promise<void>;
  isAdministrator(account: Account): Promise<boolean>;
}

export interface PolicyOptions {
  readonly users: readonly UserRule[];
  readonly organizations: readonly OrganizationRule[];
  readonly administrators: readonly UserRule[];
  readonly store: SharedStore;
}

export function createPolicy({ users, organizations, administrators, store }: PolicyOptions): Policy {
  const open = users.length === 0 && organizations.length === 0;
  let pins: { ids: Record<string, number>; version: number; readAt: number } | undefined;

  async function readPins(): Promise<{ ids: Record<string, number>; version: number }> {
    if (pins === undefined || Date.now() - pins.readAt > PINS_KEPT) {
      const { version, value } = await store.readDocument(PINS);
      pins = { ids: version === 0 ? {} : pinsSchema.parse(JSON.parse(value)), version, readAt: Date.now() };
    }
    return pins;
  }

  /** The id that a login means, pinned now if this account is the first to use it. */
  async function pinned(login: string, account: Account): Promise<number | undefined> {
    for (;;) {
      const { ids, version } = await readPins();
      if (ids[login] !== undefined || account.login.toLowerCase() !== login) return ids[login];
      if (await store.writeDocument(PINS, version, JSON.stringify({ ...ids, [login]: account.id }))) {
        pins = undefined;
        return account.id;
      }
      pins = undefined;
    }
  }

  async function isNamed(rules: readonly UserRule[], account: Account): Promise<boolean> {
    for (const rule of rules) {
      if ('id' in rule ? rule.id === account.id : (await pinned(rule.login, account)) === account.id) return true;
    }
    return false;
  }

  return {
    scope: organizations.length === 0 ? [] : ['read:org'],
    async admit(account, ask) {
      if (open || (await isNamed(users, account))) return;
      for (const rule of organizations) if (await isMember(rule, account, ask)) return;
      throw new UpstreamFailure('access_denied', 'not_allowed', 'this GitHub account may not use this server', {
        detail: `${account.login} (${account.id}) is not allowed here`,
        login: account.login,
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
