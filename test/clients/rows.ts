// The table: every client that is tried, in the order in which it is shown.

import type { Browser } from 'playwright-core';
import type { Row } from './client.ts';
import { inspectorCliAtEverything } from './everything/inspector-cli.ts';
import { inspectorWebAtEverything } from './everything/inspector-web.ts';
import { sdksAtEverything } from './everything/sdk.ts';
import { pageAtEverything } from './everything/use-mcp.ts';
import { githubServer } from './github-server.ts';
import { inspectorCli } from './inspector-cli.ts';
import { inspectorWeb } from './inspector-web.ts';
import { lookAlikes } from './look-alikes.ts';
import { lostRegistration, lostRegistrationInChromium } from './lost-registration.ts';
import { mcpAuth } from './mcp-auth.ts';
import { mcpRemote } from './mcp-remote.ts';
import { openmcp } from './openmcp.ts';
import { sdkV1, sdkV2 } from './sdk.ts';
import { stepUp } from './step-up.ts';
import { pageOfUseMcp } from './use-mcp.ts';

export function listRows(browser: Browser): Row[] {
  return [
    ...inspectorWeb(browser),
    ...inspectorWebAtEverything(browser),
    ...inspectorCli,
    ...openmcp,
    ...mcpRemote,
    ...sdkV1,
    ...sdkV2,
    ...pageOfUseMcp(browser),
    ...inspectorCliAtEverything,
    ...sdksAtEverything,
    ...pageAtEverything(browser),
    ...githubServer(browser),
    ...stepUp(browser),
    ...lostRegistrationInChromium(browser),
    ...lostRegistration,
    ...lookAlikes,
    ...mcpAuth,
  ];
}
