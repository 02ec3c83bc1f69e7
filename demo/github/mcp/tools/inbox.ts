/** The toolsets `notifications` and `gists`, which are not among the default ones. */
import { z } from 'zod';
import { defineTool } from '../tool.ts';

const inputSchema = z.object({
  page: z.number().int().min(1).default(1),
  perPage: z.number().int().min(1).max(100).default(30),
});

export const listNotifications = defineTool({
  name: 'list_notifications',
  title: 'List notifications',
  description: 'List the notifications of the authenticated user.',
  toolset: 'notifications',
  scope: 'notifications',
  failure: 'failed to list notifications',
  inputSchema,
  async handler({ page, perPage }, rest) {
    const { data } = await rest.activity.listNotificationsForAuthenticatedUser({ page, per_page: perPage });
    return data;
  },
});

/** It needs no scope, so it is never challenged; secret gists are left out without the scope `gist`. */
export const listGists = defineTool({
  name: 'list_gists',
  title: 'List Gists',
  description: 'List the gists of the authenticated user.',
  toolset: 'gists',
  failure: 'failed to list gists',
  inputSchema,
  async handler({ page, perPage }, rest) {
    const { data } = await rest.gists.list({ page, per_page: perPage });
    return data;
  },
});
