/**
 * The names of all keys. All keys of one person have the hash tag `{person}`, so that a script on a person uses one
 * slot of a cluster. ../README.md says what each key holds.
 */

export interface RedisKeys {
  /** The keys that scripts/records.lua expects, in its order. */
  person(person: string): string[];
  /** The hash of grants and credentials: the first of {@link RedisKeys.person}. */
  records(person: string): string;
  outbox(person: string): string;
  consents(person: string): string;
  /** The keys that scripts/people.lua expects, in its order. */
  people(): string[];
  names(): string;
  /** The hash of entries, and the sorted set of logins: both of {@link RedisKeys.people}. */
  entries(): string;
  logins(): string;
  blocked(): string;
  client(clientId: string): string;
  clientPeople(clientId: string): string;
  unusedClients(): string;
  login(id: string): string;
  document(name: string): string;
  lease(name: string): string;
  once(id: string): string;
  ping(): string;
}

/**
 * Creates the names of keys.
 * @param prefix all keys begin with it; several bridges can share a Redis if their prefixes differ
 */
export function createRedisKeys(prefix: string): RedisKeys {
  const tagged = (kind: string, tag: string) => `${prefix}${kind}:{${tag}}`;
  const keys: RedisKeys = {
    person: (person) => [keys.records(person), keys.outbox(person)],
    records: (person) => tagged('person', person),
    outbox: (person) => tagged('outbox', person),
    consents: (person) => tagged('consents', person),
    people: () => [
      tagged('visits', 'people'),
      keys.names(),
      tagged('announced', 'people'),
      keys.entries(),
      tagged('totals', 'people'),
      tagged('waiting', 'people'),
      keys.logins(),
    ],
    names: () => tagged('names', 'people'),
    entries: () => tagged('tallies', 'people'),
    logins: () => tagged('logins', 'people'),
    blocked: () => tagged('blocked', 'people'),
    client: (clientId) => `${prefix}client:${clientId}`,
    clientPeople: (clientId) => `${prefix}client-people:${clientId}`,
    unusedClients: () => `${prefix}unused-clients`,
    login: (id) => `${prefix}login:${id}`,
    document: (name) => `${prefix}doc:${name}`,
    lease: (name) => `${prefix}lease:${name}`,
    once: (id) => `${prefix}once:${id}`,
    ping: () => `${prefix}ping`,
  };
  return keys;
}
