// Pages for `npm run screenshots -- FOLDER` that the tour does not pass: every error, what hostile clients make of the consent
// page, 25 apps, and the address of an MCP server.
import { messages } from '../../src/web/locale.ts';
import { createPages, type Pages, type Site } from '../../src/web/pages.ts';
import type { AskedScopeView, ConsentView, ErrorKind, Locale, SessionView } from '../../src/web/views.ts';
import { type Listening, listen } from '../support/listen.ts';

/** The operator in whose name the pages of the gallery are: with a logo of another shape than ours. */
const ACME: Site = {
  host: 'mcp.acme.example',
  operator: {
    name: 'Acme',
    url: 'https://acme.example',
    supportUrl: 'https://acme.example/help',
    privacyUrl: 'https://acme.example/privacy',
    termsUrl: 'https://acme.example/terms',
    color: '#6b2fb3',
    logo: {
      type: 'image/svg+xml',
      bytes: Buffer.from(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 40"><rect width="400" height="40" rx="20" fill="#6b2fb3"/></svg>',
      ),
    },
  },
};
const NOW = 1_790_000_000;
const REFERENCE = '7n2jbhhn8639qkna';
const githubHost = 'github.com';
const scope = (name: string, more: Partial<AskedScopeView> = {}) => ({ name, optional: true, isNew: false, ...more });

const CONSENT: ConsentView = {
  clientName: 'Claude Code',
  redirectHost: 'localhost:53817',
  redirectKind: 'loopback',
  isOdd: false,
  scopes: [scope('read:user', { optional: false }), scope('repo')],
  policyScopes: [],
  reference: REFERENCE,
  githubHost,
  rememberable: false,
  fields: {},
};
const WEBSITE = { redirectKind: 'https', rememberable: true } as const;
const EVIL = `${'github.com.'.repeat(20)}evil.example`;

const CONSENTS: Readonly<Record<string, Partial<ConsentView>>> = {
  ordinary: {},
  odd: { isOdd: true },
  verified: { ...WEBSITE, clientName: 'ChatGPT', redirectHost: 'chatgpt.com', verifiedDomain: 'chatgpt.com' },
  new: { scopes: [scope('read:user'), scope('repo'), scope('delete_repo', { isNew: true })] },
  resource: { otherResource: 'https://calendar.example/mcp' },
  'every-scope': { scopes: Object.keys(messages('en').scopes).map((name) => scope(name)) },
  'unknown-scope': { scopes: [scope('<b>read:everything</b>'), scope('x'.repeat(200))] },
  'hostile-unnamed': { clientName: '\u200b\u3164' },
  'hostile-long': { clientName: 'W'.repeat(200) },
  'hostile-quotes': { clientName: "Claude'' is verified by GitHub ✓ ״″｣" },
  'hostile-operator': { clientName: 'Acme (verified by Acme)' },
  'hostile-bidi': { clientName: 'גיטהאב \u202eمرحبا “GitHub”' },
  'hostile-marks': { clientName: `Z${'\u0351'.repeat(50)}algo`.repeat(9) },
  'hostile-host': { ...WEBSITE, redirectHost: EVIL, clientUri: `https://${EVIL}/${'path/'.repeat(50)}` },
  'hostile-punycode': {
    ...WEBSITE,
    redirectHost: 'xn--gthub-n4a.com',
    clientUri: 'https://github.com@xn--gthub-n4a.com',
  },
  'hostile-ipv6': { ...WEBSITE, redirectHost: '[2001:db8:85a3::8a2e:370:7334]:8443' },
  'hostile-scheme': { redirectKind: 'app', redirectHost: `com.evil.${'a'.repeat(80)}.github.com://github.com` },
};

const APPS = [
  'Claude Code',
  'Visual Studio Code',
  'Cursor',
  'ChatGPT',
  'MCP Inspector',
  'A name that is as long as names get: 60 of them',
];
const SCOPES = [['read:user'], ['read:user', 'repo', 'gist'], ['repo', 'delete_repo', 'workflow'], ['read:org']];
const SESSIONS: readonly SessionView[] = Array.from({ length: 25 }, (_, at) => ({
  session: String(at),
  clientName: APPS[at % APPS.length] ?? '',
  redirectHost: 'localhost:53817',
  scopes: (SCOPES[at % SCOPES.length] ?? []).map((name) => ({ name })),
  createdAt: NOW - (at + 1) * 90_000,
  lastUsedAt: NOW - at * at * 4000,
  expiresAt: NOW + 30 * 86_400,
  ...(at % 3 === 0 && {
    recipient: { title: 'Team notes', host: 'notes.internal:8080', credential: 'github' as const },
  }),
}));

/** Each page by its name. */
function gallery(pages: Pages, locale: Locale): Readonly<Record<string, string>> {
  const again = 'sealed';
  const consents = Object.entries(CONSENTS).map(([name, view]) => [
    `consent-${name}`,
    pages.consent(locale, { ...CONSENT, ...view, again }),
  ]);
  const errors = (Object.keys(messages('en').errors) as ErrorKind[]).map((kind) => [
    `error-${kind}`,
    pages.error(locale, {
      kind,
      reference: REFERENCE,
      description: 'invalid_scope: the client is not registered for any of these scopes',
      clientName: 'Claude Code',
      githubHost,
      again,
      ...(kind.startsWith('github_') && { continueUrl: 'http://localhost:53817/callback?error=server_error' }),
      ...((kind === 'not_allowed' || kind === 'finished') && { login: 'octocat' }),
      ...(kind === 'github_rate_limited' && { retryAfter: 720 }),
    }),
  ]);
  const account = {
    person: { login: 'octocat', name: 'The Octocat', admin: true },
    sessions: SESSIONS,
    now: NOW,
    csrf: '',
    githubHost,
    githubSettingsUrl: 'https://github.com/settings',
    again,
  };
  const admin = {
    query: '',
    sort: 'login',
    blocked: false,
    people: [{ login: 'octocat', id: 583231, sessions: SESSIONS }],
    counts: { people: 1, sessions: 25 },
    next: '/account/sessions?after=x',
    now: NOW,
    fields: {},
    csrf: '',
    again,
  } as const;
  const issuer = 'http://localhost:8000';
  const server = { name: 'github-account', url: `${issuer}/mcp`, sseUrl: `${issuer}/sse` };
  const mcp = { issuer, githubHost, servers: [server], tools: [], simulated: false, opened: true, again } as const;
  return {
    ...Object.fromEntries([...consents, ...errors]),
    'account-25': pages.account(locale, account),
    'admin-25': pages.admin(locale, admin),
    mcp: pages.landing(locale, mcp),
  };
}

/** Serves the gallery, each page at `/NAME`. */
export async function serveGallery(locale: Locale): Promise<Listening & { readonly names: readonly string[] }> {
  const pages = createPages(ACME);
  const shown = gallery(pages, locale);
  const listening = await listen((request, response) => {
    const path = request.url ?? '';
    const { type, body } = pages.assets.find((asset) => asset.path === path) ?? {
      type: 'text/html',
      body: shown[path.slice(1)] ?? '',
    };
    response.setHeader('content-type', type).end(body);
  });
  return { ...listening, names: Object.keys(shown) };
}
