/**
 * A headless browser made of fetch: it submits the forms of the simulated GitHub's pages until GitHub redirects to the
 * callback URL. For tests and benchmarks.
 */
import { CookieJar } from './cookie-jar.ts';

export { CookieJar } from './cookie-jar.ts';

export interface HeadlessOptions {
  login: string;
  /** What the person does on the authorization page; default: `authorize`. */
  decision?: 'authorize' | 'cancel';
  /** The cookies of the browser; with the same jar it is the same browser again. */
  jar?: CookieJar;
}

/** A form of a page: its action, its hidden fields, and its buttons. */
interface PageForm {
  readonly action: URL;
  readonly method: 'GET' | 'POST';
  readonly fields: readonly (readonly [string, string])[];
  readonly buttons: readonly { readonly name: string; readonly value: string; readonly text: string }[];
}

/** Pages and redirects. */
const MAX_STEPS = 20;

/**
 * Signs in, chooses the account and decides, if the pages ask for it.
 * @returns the callback URL that GitHub redirects to; it is not requested
 * @throws {Error} when a page has no form to continue with, or after too many steps
 */
export async function signInAtGitHub(authorizeUrl: string, options: HeadlessOptions): Promise<string> {
  const { login, decision = 'authorize', jar = new CookieJar() } = options;
  const github = new URL(authorizeUrl).origin;
  let url = new URL(authorizeUrl);
  let response = await jar.fetch(url);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      url = new URL(response.headers.get('location') ?? '', url);
      if (url.origin !== github) return url.href;
      response = await jar.fetch(url);
      continue;
    }
    const page = await response.text();
    if (!response.ok) throw new Error(`the simulated GitHub answered ${response.status}: ${textOf(page)}`);
    const [next, request] = submission(page, url, login, decision);
    url = next;
    response = await jar.fetch(url, request);
  }
  throw new Error(`the simulated GitHub did not send the browser back in ${MAX_STEPS} steps`);
}

/** The request that the person makes from this page: choosing an account, deciding, or using another account. */
function submission(page: string, url: URL, login: string, decision: 'authorize' | 'cancel'): [URL, RequestInit] {
  const forms = parseForms(page, url);
  const offered = (name: string, value: string) =>
    forms.find(({ buttons }) => buttons.some((button) => button.name === name && button.value === value));
  const choice = offered('login', login);
  if (choice !== undefined) return submit(choice, ['login', login]);
  const decided = decision === 'authorize' ? '1' : '0';
  const consent = offered('authorize', decided);
  if (consent !== undefined && viewerOf(page) === login) return submit(consent, ['authorize', decided]);
  const elsewhere = forms.find(({ action, method }) => action.pathname === '/login' && method === 'GET');
  if (elsewhere !== undefined && url.pathname !== '/login') return submit(elsewhere);
  throw new Error(`no way on for ${login} at ${url.pathname}: ${textOf(page)}`);
}

/** The request that a browser sends for a form, with the name and value of the button that was pressed. */
export function submit(form: PageForm, button?: readonly [string, string]): [URL, RequestInit] {
  const fields = new URLSearchParams(
    [...form.fields, ...(button === undefined ? [] : [button])].map(([...pair]) => pair),
  );
  if (form.method === 'POST') return [form.action, { method: 'POST', body: fields }];
  const url = new URL(form.action);
  url.search = fields.toString();
  return [url, {}];
}

/** The forms of a page, with their hidden inputs and their buttons. */
export function parseForms(page: string, base: URL): PageForm[] {
  return [...page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, head = '', inside = '']) => {
    const attributes = attributesOf(head);
    const inputs = [...inside.matchAll(/<input\b([^>]*)>/g)].map(([, text = '']) => attributesOf(text));
    const buttons = [...inside.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gs)].map(([, text = '', label = '']) => {
      const { name = '', value = '' } = attributesOf(text);
      return { name, value, text: textOf(label) };
    });
    return {
      action: new URL(attributes.action || base.href, base),
      method: attributes.method?.toLowerCase() === 'post' ? 'POST' : 'GET',
      fields: inputs.flatMap(({ name, value = '' }) => (name === undefined ? [] : [[name, value] as const])),
      buttons,
    };
  });
}

/** The login of the account that the page is shown to. */
function viewerOf(page: string): string | undefined {
  const metas = [...page.matchAll(/<meta\b([^>]*)>/g)].map(([, text = '']) => attributesOf(text));
  return metas.find(({ name }) => name === 'user-login')?.content;
}

function attributesOf(text: string): Record<string, string> {
  const found = [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
    name,
    decodeEntities(value),
  ]);
  return Object.fromEntries(found);
}

function textOf(page: string): string {
  const body = page.replace(/<(style|title)\b.*?<\/\1>/gs, '').replace(/<[^>]*>/g, ' ');
  return decodeEntities(body).replace(/\s+/g, ' ').trim();
}

function decodeEntities(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return named[name ?? ''] ?? whole;
  });
}
