/**
 * Webhooks of GitHub Apps: tells an app that a person revoked its authorization, signed with the app's secret.
 *
 * @see https://docs.github.com/webhooks/webhook-events-and-payloads#github_app_authorization
 */
import { createHmac, randomUUID } from 'node:crypto';
import type { SimulatedAccount } from './accounts.ts';
import type { SimulatedApp } from './apps.ts';
import type { Documents } from './documents.ts';

/** GitHub gives up after ten seconds. */
const PATIENCE_MS = 10_000;

export interface WebhookDelivery {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `undefined` when nobody answered. */
  readonly status: number | undefined;
}

/** Sends the event and resolves when it was answered, or could not be; never rejects. */
export async function deliverRevocation(
  { webhook, clientId }: SimulatedApp,
  account: SimulatedAccount,
  documents: Documents,
): Promise<WebhookDelivery | undefined> {
  if (webhook === undefined) return undefined;
  const body = JSON.stringify({ action: 'revoked', sender: documents.simpleUser(account) });
  const id = randomUUID();
  const headers = {
    Accept: '*/*',
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/simulated',
    'X-GitHub-Delivery': id,
    'X-GitHub-Event': 'github_app_authorization',
    'X-GitHub-Hook-ID': clientId,
    'X-GitHub-Hook-Installation-Target-Type': 'integration',
    'X-Hub-Signature-256': `sha256=${createHmac('sha256', webhook.secret).update(body).digest('hex')}`,
  };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const status = await fetch(webhook.url, { method: 'POST', headers, body, signal, redirect: 'manual' }).then(
    async (response) => {
      await response.body?.cancel();
      return response.status;
    },
    () => undefined,
  );
  return { id, url: webhook.url, headers, body, status };
}
