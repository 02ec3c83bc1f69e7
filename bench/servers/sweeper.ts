/**
 * The bridge with its clock ahead by the seconds of the first argument, so that visits of the sweeper are due. It is configured
 * by its environment, on SQLite, and runs a round of maintenance when the benchmark sends `sweep`.
 */
import { createServer } from 'node:http';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/config.ts';
import { EventBus } from '../../src/observe/events.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { wire } from '../../src/wiring.ts';
import { listen, ready } from './ready.ts';

const ahead = Number(process.argv[2]);
const now = () => Math.floor(Date.now() / 1000) + ahead;
const config = readConfig(process.env);
const events = new EventBus();
const bridge = await wire(config, { store: createSqliteStore(config.dataDir, { now }), events, now });
const app = createApp(bridge, { metrics: createMetrics(events), onRequest: () => {} });
process.on('message', (asked) => {
  if (asked === 'sweep') bridge.revocations.sweep().then((people) => process.send?.({ people }));
});
ready(await listen(createServer(app.handler)));
