/**
 * The registered accounts and apps, found by id or name, and changes to accounts (another login, another membership).
 * Logins and names of organisations are compared without case, as at GitHub.
 */
import type { SimulatedAccount, SimulatedMembership, SimulatedRepository } from './accounts.ts';
import type { SimulatedApp } from './apps.ts';

/** The numeric id or the current login of an account. */
export type AccountRef = number | string;

/** A repository, and the account whose list it is in. */
export interface ListedRepository {
  account: SimulatedAccount;
  repository: SimulatedRepository;
}

export class Directory {
  readonly accounts: SimulatedAccount[];
  readonly apps: SimulatedApp[];

  constructor(accounts: readonly SimulatedAccount[], apps: readonly SimulatedApp[]) {
    this.accounts = accounts.map((account) => structuredClone(account));
    this.apps = apps.map((app) => structuredClone(app));
  }

  findAccount(ref: AccountRef): SimulatedAccount | undefined {
    return this.accounts.find((account) =>
      typeof ref === 'number' ? account.id === ref : sameName(account.login, ref),
    );
  }

  /** Finds an account. @throws {Error} when there is none, which is a mistake in the test */
  account(ref: AccountRef): SimulatedAccount {
    const account = this.findAccount(ref);
    if (account === undefined) throw new Error(`simulated GitHub has no account ${ref}`);
    return account;
  }

  findApp(clientId: string | null | undefined): SimulatedApp | undefined {
    return this.apps.find((app) => app.clientId === clientId);
  }

  /** Finds an app. @throws {Error} when there is none */
  app(clientId: string): SimulatedApp {
    const app = this.findApp(clientId);
    if (app === undefined) throw new Error(`simulated GitHub has no app ${clientId}`);
    return app;
  }

  rename(ref: AccountRef, login: string): void {
    const other = this.findAccount(login);
    const account = this.account(ref);
    if (other !== undefined && other !== account) throw new Error(`the login ${login} is taken`);
    account.login = login;
  }

  addAccount(account: SimulatedAccount): void {
    if (this.findAccount(account.id) !== undefined || this.findAccount(account.login) !== undefined) {
      throw new Error(`the account ${account.login} (${account.id}) exists`);
    }
    this.accounts.push(structuredClone(account));
  }

  repositories(): ListedRepository[] {
    return this.accounts.flatMap((account) =>
      (account.repositories ?? []).map((repository) => ({ account, repository })),
    );
  }

  /** Finds a repository by the login of its owner, a person or an organisation, and its name. */
  findRepository(owner: string, name: string): ListedRepository | undefined {
    return this.repositories().find(
      ({ account, repository }) =>
        sameName(repository.owner ?? account.login, owner) && sameName(repository.name, name),
    );
  }

  membership(account: SimulatedAccount, organization: string): SimulatedMembership | undefined {
    return account.organizations?.find((membership) => sameName(membership.login, organization));
  }

  addMembership(ref: AccountRef, membership: SimulatedMembership): void {
    this.removeMembership(ref, membership.login);
    const account = this.account(ref);
    account.organizations = [...(account.organizations ?? []), structuredClone(membership)];
  }

  removeMembership(ref: AccountRef, organization: string): void {
    const account = this.account(ref);
    account.organizations = (account.organizations ?? []).filter((one) => !sameName(one.login, organization));
  }
}

export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
