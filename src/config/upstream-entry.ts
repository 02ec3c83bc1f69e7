/** One entry of `MCP_UPSTREAMS` or `UPSTREAMS_FILE`: its fields, and what is reported when they are wrong. */
import { z } from 'zod';
import { defined } from '../base/defined.ts';
import { duration, SCOPE } from './kinds.ts';
import type { Advice, Complain } from './setting.ts';
import { readUpstreamHeaders } from './upstream-headers.ts';
import { upstreamUrlAdvice } from './upstream-url.ts';
import { type McpUpstream, UPSTREAM_CREDENTIALS } from './upstreams.ts';

/** An entry, checked by itself; what it leaves out comes from other settings. */
export interface UpstreamEntry extends Omit<McpUpstream, 'title' | 'scopes'> {
  /** Its place in its setting, for what is reported about it: `entry 2 (github)`. */
  readonly where: string;
  readonly title?: string;
  readonly scopes?: readonly string[];
}

const NAME = /^[a-z\d][a-z\d-]{0,31}$/;
/** Up to 100 characters, not blank, without control characters. */
const TITLE = /^(?!\s*$)[^\p{Cc}]{1,100}$/u;
/** A name of a tool, perhaps with `*` at its end; no spaces around it. */
const TOOL = /^(?!\s)(?:[^*\p{Cc}]*[^*\p{Cc}\s]\*?|\*)$/u;
/** Seconds. A longer time limit is none, and those of Node end at 24 days. */
const MAX_FIRST_BYTE_TIMEOUT = 24 * 3600;

/** What to write into each field. */
const REMEDIES = {
  name: 'Write lower-case letters, digits and hyphens, at most 32, the first no hyphen.',
  url: 'Write the https address of the MCP server in quotation marks.',
  title: 'Write a name for people in quotation marks, at most 100 characters.',
  credential: 'Write "github", "identity" or "none".',
  scopes: 'Write a list of GitHub scopes, such as ["repo", "read:org"], or leave it out for SCOPES.',
  headers: 'Write an object of names and texts, such as {"X-MCP-Readonly": "true"}.',
  allowTools: 'Write a list of names of tools, such as ["get_me", "list_*"]; * stands at the end only.',
  denyTools: 'Write a list of names of tools, such as ["delete_*"]; * stands at the end only.',
  firstByteTimeout: 'Write for example "90s" or "5m", at most "24h".',
};
type Field = keyof typeof REMEDIES;

/** Adds an issue whose problem and remedy are ours. */
function issueOf({ problem, remedy }: Advice): { code: 'custom'; message: string; params: { remedy: string } } {
  return { code: 'custom', message: problem, params: { remedy } };
}

const entrySchema = z
  .strictObject({
    name: z.string().regex(NAME).optional(),
    url: z.string().superRefine((url, context) => {
      const advice = upstreamUrlAdvice(url);
      if (advice !== undefined) context.addIssue(issueOf(advice));
    }),
    title: z.string().regex(TITLE).optional(),
    credential: z.enum(UPSTREAM_CREDENTIALS).default('github'),
    scopes: z
      .array(z.string().regex(SCOPE))
      .nonempty()
      .transform((scopes) => [...new Set(scopes)])
      .optional(),
    headers: z
      .record(z.string(), z.string())
      .transform((headers, context) => readUpstreamHeaders(headers, (advice) => context.addIssue(issueOf(advice))))
      .default({}),
    allowTools: z.array(z.string().regex(TOOL)).optional(),
    denyTools: z.array(z.string().regex(TOOL)).default([]),
    firstByteTimeout: z
      .string()
      .transform((text) => duration(text, () => {}))
      .pipe(z.number().max(MAX_FIRST_BYTE_TIMEOUT))
      .prefault('5m'),
  } satisfies Record<Field, z.ZodType>)
  .superRefine(({ headers, credential }, context) => {
    if (headers.authorization === undefined || credential === 'none') return;
    context.addIssue(
      issueOf({
        problem: `header Authorization is fixed, but credential is "${credential}"`,
        remedy: 'Say "credential": "none", or leave the header out.',
      }),
    );
  });

/**
 * Checks one entry. What is reported repeats names of fields and headers, the entry's name and its host, and nothing else of
 * what was written: each value may be a secret.
 * @param place where it stands, such as `entry 2`; its name is added
 * @returns undefined when something was reported
 */
export function readUpstreamEntry(value: unknown, place: string, complain: Complain): UpstreamEntry | undefined {
  const fields: ReadonlyMap<string, unknown> = new Map(
    typeof value === 'object' && value !== null ? Object.entries(value) : [],
  );
  const name = fields.get('name');
  const where = typeof name === 'string' && NAME.test(name) ? `${place} (${name})` : place;
  const { data, error } = entrySchema.safeParse(value);
  if (data !== undefined) return { where, ...defined(data) };
  for (const issue of error.issues) {
    const { problem, remedy } = adviceFor(issue, fields);
    complain(`${where}: ${problem}`, remedy);
  }
  return undefined;
}

function adviceFor(issue: z.core.$ZodIssue, fields: ReadonlyMap<string, unknown>): Advice {
  const [field] = issue.path;
  if (issue.code === 'custom') return { problem: issue.message, remedy: String(issue.params?.remedy) };
  if (issue.code === 'unrecognized_keys')
    return {
      problem: `unknown field ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`,
      remedy: `Write only ${Object.keys(REMEDIES).join(', ')}.`,
    };
  if (!isField(field))
    return { problem: 'not an object', remedy: 'Write for example {"name": "github", "url": "https://…"}.' };
  return { problem: `${field} is ${fields.has(field) ? 'wrong' : 'missing'}`, remedy: REMEDIES[field] };
}

function isField(name: PropertyKey | undefined): name is Field {
  return typeof name === 'string' && Object.hasOwn(REMEDIES, name);
}
