/**
 * The names of all keys. Everything of one person shares the hash tag `{person}`, so that a script on a person stays in
 * one slot of a cluster. What each key holds is said in ../README.md.
 */

/** Names keys under a prefix that keeps several bridges in one Redis apart. */
export class RedisKeys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What scripts/person.lua expects, in its order. */
  person(person: string): string[] {
    return [this.#of('grants', person), this.#of('states', person), ...this.#credentials(person), this.outbox(person)];
  }

  outbox(person: string): string {
    return this.#of('outbox', person);
  }

  consents(person: string): string {
    return this.#of('consents', person);
  }

  /** What scripts/people.lua expects, in its order. */
  people(): string[] {
    return [this.#of('visits', 'people'), this.names(), this.#of('arrivals', 'people')];
  }

  names(): string {
    return this.#of('names', 'people');
  }

  client(clientId: string): string {
    return `${this.#prefix}client:${clientId}`;
  }

  clientPeople(clientId: string): string {
    return `${this.#prefix}client-people:${clientId}`;
  }

  unusedClients(): string {
    return `${this.#prefix}unused-clients`;
  }

  login(id: string): string {
    return `${this.#prefix}login:${id}`;
  }

  document(name: string): string {
    return `${this.#prefix}doc:${name}`;
  }

  lease(name: string): string {
    return `${this.#prefix}lease:${name}`;
  }

  once(id: string): string {
    return `${this.#prefix}once:${id}`;
  }

  ping(): string {
    return `${this.#prefix}ping`;
  }

  #credentials(person: string): string[] {
    return [this.#of('credentials', person), this.#of('tokens', person)];
  }

  #of(kind: string, tag: string): string {
    return `${this.#prefix}${kind}:{${tag}}`;
  }
}
