/** A store whose operations are measured: it is the store itself to whoever uses it. */
import type { StoreOperations } from './observe/store-metrics.ts';
import type { Store } from './store/store.ts';

/** Wraps a store: `operations` hears of each call when it ends, by a name such as `sessions.read`. */
export function observedStore(store: Store, operations: StoreOperations): Store {
  const part = <Part extends object>(name: string, methods: Part): Part =>
    Object.fromEntries(
      Object.entries(methods).map(([method, call]) => [
        method,
        measured(call, operations.operation(`${name}.${method}`)),
      ]),
    ) as Part;
  return {
    kind: store.kind,
    clients: part('clients', store.clients),
    logins: part('logins', store.logins),
    sessions: part('sessions', store.sessions),
    credentials: part('credentials', store.credentials),
    revocations: part('revocations', store.revocations),
    directory: part('directory', store.directory),
    blocks: part('blocks', store.blocks),
    consents: part('consents', store.consents),
    shared: part('shared', store.shared),
    ...part('store', { counts: store.counts, ping: store.ping }),
    close: () => store.close(),
  };
}

function measured(
  call: (...args: unknown[]) => Promise<unknown>,
  ended: (seconds: number, failed: boolean) => void,
): typeof call {
  return async (...args) => {
    const begun = performance.now();
    let failed = true;
    try {
      const answer = await call(...args);
      failed = false;
      return answer;
    } finally {
      ended((performance.now() - begun) / 1000, failed);
    }
  };
}
