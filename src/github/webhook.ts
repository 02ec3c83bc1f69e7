/**
 * `POST /github/webhook`: GitHub says that a person revoked the app. All tokens of that person are dead there, so all
 * sessions end here, at once. A request is parsed only when its signature shows that GitHub sent it.
 * @see https://docs.github.com/webhooks/webhook-events-and-payloads#github_app_authorization
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type Koa from 'koa';
import { z } from 'zod';
import { parseJson } from '../base/json.ts';
import type { SessionEnding } from '../oauth/session-ending.ts';
import { bodyBytes } from '../protocol/body.ts';
import { OAuthError } from '../protocol/oauth-error.ts';
import type { PersonTag } from './person.ts';

const SIGNATURE = /^sha256=[0-9a-f]{64}$/;
const revokedSchema = z.object({ action: z.literal('revoked'), sender: z.object({ id: z.number() }) });

interface WebhookServices {
  readonly sessionEnding: SessionEnding;
  /** `GITHUB_WEBHOOK_SECRET`: with it GitHub signs each delivery. */
  readonly secret: string;
  readonly personTag: PersonTag;
}

/** Refuses a request without a signature before its body is read. */
export const requireSignature: Koa.Middleware = (ctx, next) => {
  if (!SIGNATURE.test(ctx.get('x-hub-signature-256'))) throw notSigned();
  return next();
};

/** Takes a delivery, whose body is read as bytes. */
export function githubWebhook({ sessionEnding, secret, personTag }: WebhookServices): Koa.Middleware {
  return async (ctx) => {
    const bytes = bodyBytes(ctx);
    const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`);
    const signature = Buffer.from(ctx.get('x-hub-signature-256'));
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) throw notSigned();
    const revoked = revokedSchema.safeParse(parseJson(bytes.toString('utf8')));
    ctx.status = 204;
    if (ctx.get('x-github-event') !== 'github_app_authorization' || !revoked.success) return;
    await sessionEnding.endAll(personTag(revoked.data.sender.id), 'upstream_revoked', 'upstream');
  };
}

function notSigned(): OAuthError {
  return new OAuthError('access_denied', 'the signature does not match GITHUB_WEBHOOK_SECRET', { status: 401 });
}
