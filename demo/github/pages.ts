/**
 * The pages of the simulated GitHub: forms without scripts, in light and dark colours, each with a banner that says
 * that this is not GitHub. They have the same steps as GitHub's pages, but look different.
 */
import type { SimulatedAccount } from './accounts.ts';
import type { SimulatedApp } from './apps.ts';
import { Html, hidden, html } from './html.ts';
import { describeScope } from './scopes.ts';

/** The token that every form carries. */
interface FormToken {
  authenticityToken: string;
}

const STYLE = new Html(`
:root { color-scheme: light dark; --ink: #1c2128; --soft: #57606a; --page: #f6f8fa; --card: #fff; --line: #d0d7de;
  --go: #1a7f37; --stop: #b42318; --warn: #fff3c4; --warn-ink: #4d3800; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --page: #0f141a; --card: #171d25;
  --line: #38424e; --go: #238636; --stop: #b62324; --warn: #4a3a08; --warn-ink: #fbe9a8; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); }
.banner { padding: .6rem 1rem; text-align: center; background: var(--warn); color: var(--warn-ink); font-weight: 600; }
main { max-width: 30rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; line-height: 1.25; text-align: center; overflow-wrap: anywhere; }
.card { padding: 1rem 1.25rem; margin: 1rem 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.soft { color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
ul { padding-left: 1.2rem; } code { font-size: .9em; }
form { margin: 0; }
.choices form { margin: .5rem 0; }
.actions { display: flex; gap: .75rem; } .actions button { flex: 1; }
button { width: 100%; padding: .6rem 1rem; font: inherit; font-weight: 600; color: var(--ink); background: var(--page);
  border: 1px solid var(--line); border-radius: .4rem; cursor: pointer; overflow-wrap: anywhere; }
button.go { color: #fff; background: var(--go); } button.stop { color: #fff; background: var(--stop); }
button:focus-visible { outline: 3px solid #4493f8; outline-offset: 2px; }
`);

/** A page. @param viewer the account that the page is shown to; a meta tag names it, as at GitHub */
function page(title: string, viewer: SimulatedAccount | undefined, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="user-login" content="${viewer?.login ?? ''}">
<title>${title} · Simulated GitHub</title>
<style>${STYLE}</style>
</head>
<body>
<header class="banner">Simulated GitHub: for trying things out. This is not github.com.</header>
<main>
${body}
</main>
</body>
</html>
`.text;
}

function accountButton(account: SimulatedAccount, form: FormToken, returnTo: string, verb: string): Html {
  return html`<form method="post" action="/session">
${hidden([
  ['authenticity_token', form.authenticityToken],
  ['return_to', returnTo],
])}
<button name="login" value="${account.login}">${verb} ${account.login}${account.name === null ? '' : ` (${account.name})`}</button>
</form>`;
}

/** The page on which a person signs in by choosing an account; there are no passwords. */
export function signInPage(accounts: readonly SimulatedAccount[], form: FormToken, returnTo: string): string {
  return page(
    'Sign in',
    undefined,
    html`<h1>Sign in to the simulated GitHub</h1>
<div class="card choices">
<p>There are no passwords here. Who are you?</p>
${accounts.map((account) => accountButton(account, form, returnTo, 'Sign in as'))}
</div>`,
  );
}

export function accountPickerPage(
  accounts: readonly SimulatedAccount[],
  app: SimulatedApp,
  viewer: SimulatedAccount,
  form: FormToken,
  returnTo: string,
): string {
  return page(
    'Select an account',
    viewer,
    html`<h1>Select an account to continue to ${app.name}</h1>
<div class="card choices">
${accounts.map((account) => accountButton(account, form, returnTo, 'Continue as'))}
<form method="get" action="/login">
${hidden([['return_to', returnTo]])}
<button>Use a different account</button>
</form>
</div>`,
  );
}

export interface Consent {
  app: SimulatedApp;
  viewer: SimulatedAccount;
  /** The requested scopes. */
  scopes: readonly string[];
  /** The scopes that the app has already. */
  granted: readonly string[];
  redirectUri: string;
  /** The parameters of the request, for hidden fields of the form. */
  fields: Iterable<readonly [string, string]>;
  /** The path to return to after choosing another account. */
  returnTo: string;
  /** Whether the person is asked again because too many tokens were issued. */
  reauthorize: boolean;
}

export function consentPage(consent: Consent, form: FormToken): string {
  const { app, viewer, scopes, granted } = consent;
  const requested =
    scopes.length === 0
      ? [html`<li>Public data only <span class="soft">Limited access to your public data</span></li>`]
      : scopes.map((scope) => html`<li>${describeScope(scope)} <span class="soft"><code>${scope}</code></span></li>`);
  return page(
    `Authorize ${app.name}`,
    viewer,
    html`<h1>${consent.reauthorize ? 'Reauthorization required' : `Authorize ${app.name}`}</h1>
<div class="card">
${
  consent.reauthorize
    ? html`<p>This application has made an unusually high number of requests to access your account. Please reauthorize
the application to continue.</p>`
    : ''
}
<p><strong>${app.name}</strong> wants to access your <strong>${viewer.login}</strong> account.</p>
${app.kind === 'github-app' ? html`<ul><li>Verify your identity (${viewer.login})</li><li>Act on your behalf</li></ul>` : html`<ul>${requested}</ul>`}
${granted.length === 0 ? '' : html`<p class="soft">It already has: ${granted.join(', ')}</p>`}
<form method="post" action="/login/oauth/authorize">
${hidden([...consent.fields, ['authenticity_token', form.authenticityToken]])}
<div class="actions">
<button name="authorize" value="0">Cancel</button>
<button class="go" name="authorize" value="1">Authorize ${app.name}</button>
</div>
</form>
<p class="soft">Authorizing will redirect to <strong>${originOf(consent.redirectUri)}</strong></p>
</div>
<form method="get" action="/login">
${hidden([['return_to', consent.returnTo]])}
<button>Use a different account</button>
</form>`,
  );
}

export function connectionPage(
  app: SimulatedApp,
  viewer: SimulatedAccount,
  granted: readonly string[] | undefined,
  tokens: number,
  form: FormToken,
): string {
  return page(
    app.name,
    viewer,
    html`<h1>${app.name}</h1>
<div class="card">
${
  granted === undefined
    ? html`<p>${viewer.login}, you have not authorized this application, or you revoked it.</p>`
    : html`<p>${viewer.login}, this application has access to your account: ${granted.length === 0 ? 'public data only' : granted.join(', ')}.</p>
<p class="soft">Live tokens: ${tokens}</p>
<form method="post" action="/settings/connections/applications/${encodeURIComponent(app.clientId)}/revoke">
${hidden([['authenticity_token', form.authenticityToken]])}
<button class="stop">Revoke access of ${app.name}</button>
</form>`
}
</div>
${signOutForm(form)}`,
  );
}

export function signOutPage(viewer: SimulatedAccount, form: FormToken): string {
  return page('Sign out', viewer, html`<h1>Signed in as ${viewer.login}</h1>${signOutForm(form)}`);
}

function signOutForm(form: FormToken): Html {
  return html`<form method="post" action="/logout">
${hidden([['authenticity_token', form.authenticityToken]])}
<button>Sign out of every account</button>
</form>`;
}

/** A page with a message only: not found, refused, signed out. */
export function messagePage(title: string, message: string): string {
  return page(title, undefined, html`<h1>${title}</h1><div class="card"><p>${message}</p></div>`);
}

function originOf(uri: string): string {
  const url = new URL(uri);
  return url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin;
}
