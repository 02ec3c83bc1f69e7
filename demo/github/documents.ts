/** The JSON documents of the REST API. They have the fields of GitHub's documents; Octokit's types check that. */

import { createHash } from 'node:crypto';
import type { RestEndpointMethodTypes } from '@octokit/rest';
import { emailsOf, type SimulatedAccount, type SimulatedMembership, type SimulatedRepository } from './accounts.ts';
import type { TokenRecord } from './credentials.ts';

type Answer<
  Area extends keyof RestEndpointMethodTypes,
  Method extends keyof RestEndpointMethodTypes[Area],
> = RestEndpointMethodTypes[Area][Method] extends { response: { data: infer Data } } ? Data : never;
type OrganizationDocument = Answer<'orgs', 'listForAuthenticatedUser'>[number];
type MembershipDocument = Answer<'orgs', 'getMembershipForAuthenticatedUser'>;

export const nodeId = (kind: string, id: number) => Buffer.from(`04:${kind}${id}`).toString('base64');

export class Documents {
  readonly #origin: () => string;

  constructor(origin: () => string) {
    this.#origin = origin;
  }

  get #api(): string {
    return `${this.#origin()}/api/v3`;
  }

  /** The absolute URL of a path of this server. */
  urlOf(path: string): string {
    return `${this.#origin()}${path}`;
  }

  simpleUser({ id, login, siteAdmin }: { id: number; login: string; siteAdmin?: boolean }, type = 'User') {
    const url = `${this.#api}/users/${login}`;
    return {
      login,
      id,
      node_id: nodeId(type, id),
      avatar_url: `${this.#origin()}/avatars/u/${id}?v=4`,
      gravatar_id: '',
      url,
      html_url: `${this.#origin()}/${login}`,
      followers_url: `${url}/followers`,
      following_url: `${url}/following{/other_user}`,
      gists_url: `${url}/gists{/gist_id}`,
      starred_url: `${url}/starred{/owner}{/repo}`,
      subscriptions_url: `${url}/subscriptions`,
      organizations_url: `${url}/orgs`,
      repos_url: `${url}/repos`,
      events_url: `${url}/events{/privacy}`,
      received_events_url: `${url}/received_events`,
      type,
      user_view_type: 'public',
      site_admin: siteAdmin ?? false,
    } satisfies Answer<'users', 'listFollowersForUser'>[number];
  }

  publicUser(account: SimulatedAccount) {
    const repositories = account.repositories?.filter((repository) => !repository.private) ?? [];
    const email = emailsOf(account).find(({ visibility }) => visibility === 'public')?.email ?? null;
    return {
      ...this.simpleUser(account),
      name: account.name,
      company: account.company ?? null,
      blog: account.blog ?? '',
      location: account.location ?? null,
      email,
      notification_email: email,
      hireable: account.hireable ?? null,
      bio: account.bio ?? null,
      twitter_username: account.twitterUsername ?? null,
      public_repos: repositories.length,
      public_gists: account.publicGists ?? 0,
      followers: account.followers ?? 0,
      following: account.following ?? 0,
      created_at: account.createdAt ?? '2020-01-01T00:00:00Z',
      updated_at: account.updatedAt ?? '2026-01-01T00:00:00Z',
    } satisfies Answer<'users', 'getByUsername'>;
  }

  /** The person's own profile, for a token with the scope `read:user`. */
  privateUser(account: SimulatedAccount) {
    const hidden = account.repositories?.filter((repository) => repository.private) ?? [];
    const owned = hidden.filter(({ owner }) => owner === undefined).length;
    const plan = account.plan ?? 'free';
    return {
      ...this.publicUser(account),
      user_view_type: 'private',
      private_gists: 0,
      total_private_repos: hidden.length,
      owned_private_repos: owned,
      disk_usage: 40_320,
      collaborators: 0,
      two_factor_authentication: account.twoFactorAuthentication ?? false,
      plan: { name: plan, space: 976_562_499, collaborators: 0, private_repos: plan === 'pro' ? 9999 : 10_000 },
    } satisfies Answer<'users', 'getAuthenticated'>;
  }

  organization({ login, id }: { login: string; id: number }): OrganizationDocument {
    const url = `${this.#api}/orgs/${login}`;
    return {
      login,
      id,
      node_id: nodeId('Organization', id),
      url,
      repos_url: `${url}/repos`,
      events_url: `${url}/events`,
      hooks_url: `${url}/hooks`,
      issues_url: `${url}/issues`,
      members_url: `${url}/members{/member}`,
      public_members_url: `${url}/public_members{/member}`,
      avatar_url: `${this.#origin()}/avatars/u/${id}?v=4`,
      description: '',
    };
  }

  membership(account: SimulatedAccount, membership: SimulatedMembership): MembershipDocument {
    return {
      url: `${this.#api}/orgs/${membership.login}/memberships/${account.login}`,
      state: membership.state ?? 'active',
      role: membership.role ?? 'member',
      organization_url: `${this.#api}/orgs/${membership.login}`,
      direct_membership: true,
      user: this.simpleUser(account),
      organization: this.organization(membership),
    };
  }

  teamMembership(account: SimulatedAccount, membership: SimulatedMembership, slug: string) {
    return {
      url: `${this.#api}/organizations/${membership.id}/team/${slug}/memberships/${account.login}`,
      role: 'member',
      state: membership.state ?? 'active',
    } satisfies Answer<'teams', 'getMembershipForUserInOrg'>;
  }

  repository(account: SimulatedAccount, repository: SimulatedRepository) {
    const organization = account.organizations?.find(({ login }) => login === repository.owner);
    const owner = organization ? this.simpleUser(organization, 'Organization') : this.simpleUser(account);
    const fullName = `${owner.login}/${repository.name}`;
    const pushedAt = repository.pushedAt ?? '2026-06-01T12:00:00Z';
    const stars = repository.stars ?? 0;
    return {
      id: repository.id,
      node_id: nodeId('Repository', repository.id),
      name: repository.name,
      full_name: fullName,
      private: repository.private,
      visibility: repository.private ? 'private' : 'public',
      owner,
      html_url: `${this.#origin()}/${fullName}`,
      url: `${this.#api}/repos/${fullName}`,
      clone_url: `${this.#origin()}/${fullName}.git`,
      git_url: `git://${new URL(this.#origin()).host}/${fullName}.git`,
      ssh_url: `git@${new URL(this.#origin()).hostname}:${fullName}.git`,
      description: repository.description ?? null,
      homepage: null,
      fork: repository.fork ?? false,
      archived: repository.archived ?? false,
      disabled: false,
      is_template: false,
      language: repository.language ?? null,
      license: null,
      topics: [],
      size: 180,
      default_branch: repository.defaultBranch ?? 'main',
      stargazers_count: stars,
      watchers_count: stars,
      watchers: stars,
      forks_count: 0,
      forks: 0,
      open_issues_count: 0,
      open_issues: 0,
      has_issues: true,
      has_projects: true,
      has_wiki: true,
      has_pages: false,
      has_discussions: false,
      created_at: account.createdAt ?? '2020-01-01T00:00:00Z',
      updated_at: pushedAt,
      pushed_at: pushedAt,
      permissions: {
        admin: organization?.role === 'admin' || !organization,
        maintain: true,
        push: true,
        triage: true,
        pull: true,
      },
    };
  }

  /** The answer to checking or resetting a token. */
  authorization(record: TokenRecord, account: SimulatedAccount) {
    const { app, token } = record;
    const date = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
    return {
      id: record.id,
      url: `${this.#api}/authorizations/${record.id}`,
      app: { name: app.name, url: new URL(app.callbackUrls[0] ?? this.#origin()).origin, client_id: app.clientId },
      token,
      hashed_token: createHash('sha256').update(token).digest('hex'),
      token_last_eight: token.slice(-8),
      note: null,
      note_url: null,
      created_at: date(record.createdAt),
      updated_at: date(record.updatedAt),
      scopes: [...record.scopes],
      fingerprint: null,
      expires_at: record.expiresAt === undefined ? null : date(record.expiresAt),
      user: this.simpleUser(account),
    } satisfies Answer<'apps', 'checkToken'>;
  }
}
