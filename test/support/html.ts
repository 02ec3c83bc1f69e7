// Reads the forms of a page from its HTML, as far as a person could send them without JavaScript. Supports input, textarea and
// button; a test that needs more uses the real browser.

export type FormButton = { name: string | undefined; value: string; text: string; action: URL | undefined };

export type Form = {
  /** The address to which it is sent; the page itself when the form has no action. */
  action: URL;
  method: 'GET' | 'POST';
  /** The page that contains it. */
  page: URL;
  /** Names and values that are sent when the person changes nothing: hidden, preset and checked ones, in order. */
  fields: [name: string, value: string][];
  buttons: FormButton[];
};

type Tag = { name: string; attributes: Map<string, string>; start: number; end: number };

/** Every form of the page at `url`, in order. */
export function parseForms(html: string, url: URL): Form[] {
  const source = html.replaceAll(/<!--[\s\S]*?-->/g, '');
  return tags(source, 'form').map((form) => {
    const close = source.toLowerCase().indexOf('</form', form.end);
    return readForm(form, source.slice(form.end, close < 0 ? undefined : close), url);
  });
}

/** The page's text as a person reads it, without tags, scripts and styles, white space collapsed. */
export function textOf(html: string): string {
  const visible = html.replaceAll(/<!--[\s\S]*?-->|<(script|style|template|head)\b[\s\S]*?<\/\1\s*>/gi, ' ');
  return decode(visible.replaceAll(/<[^>]*>/g, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Where the page's link leads that looks like a button. */
export function buttonLinkOf(html: string, url: URL): URL | undefined {
  const link = tags(html, 'a').find(({ attributes }) => attributes.get('class')?.split(' ').includes('button'));
  const href = link?.attributes.get('href');
  return href === undefined ? undefined : new URL(href, url);
}

function readForm(form: Tag, inside: string, page: URL): Form {
  const action = form.attributes.get('action');
  return {
    action: new URL(action || page.href, page),
    method: form.attributes.get('method')?.toLowerCase() === 'post' ? 'POST' : 'GET',
    page,
    fields: tags(inside, 'input|textarea').flatMap((tag) => fieldOf(tag, inside)),
    buttons: tags(inside, 'button|input').flatMap((tag) => buttonOf(tag, inside, page)),
  };
}

function fieldOf(tag: Tag, inside: string): [string, string][] {
  const name = tag.attributes.get('name');
  if (name === undefined || name === '' || tag.attributes.has('disabled')) return [];
  if (tag.name === 'textarea') return [[name, content(tag, inside)]];
  const type = tag.attributes.get('type')?.toLowerCase() ?? 'text';
  if (['submit', 'button', 'image', 'reset', 'file'].includes(type)) return [];
  if (type !== 'checkbox' && type !== 'radio') return [[name, tag.attributes.get('value') ?? '']];
  return tag.attributes.has('checked') ? [[name, tag.attributes.get('value') ?? 'on']] : [];
}

function buttonOf(tag: Tag, inside: string, page: URL): FormButton[] {
  const type = tag.attributes.get('type')?.toLowerCase() ?? (tag.name === 'button' ? 'submit' : 'text');
  if (type !== 'submit' || tag.attributes.has('disabled')) return [];
  const value = tag.attributes.get('value') ?? '';
  const action = tag.attributes.get('formaction');
  return [
    {
      name: tag.attributes.get('name'),
      value,
      text: tag.name === 'button' ? textOf(content(tag, inside)) : value,
      action: action === undefined ? undefined : new URL(action, page),
    },
  ];
}

/** The text between an opening tag and the next closing one of its name. */
function content(tag: Tag, source: string): string {
  const close = source.toLowerCase().indexOf(`</${tag.name}`, tag.end);
  const inner = source.slice(tag.end, close < 0 ? undefined : close);
  return tag.name === 'textarea' ? decode(inner).replace(/^\r?\n/, '') : inner;
}

function tags(source: string, names: string): Tag[] {
  const pattern = new RegExp(`<(${names})\\b((?:[^>"']|"[^"]*"|'[^']*')*)>`, 'gi');
  return [...source.matchAll(pattern)].map((match) => ({
    name: (match[1] ?? '').toLowerCase(),
    attributes: attributesOf(match[2] ?? ''),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function attributesOf(text: string): Map<string, string> {
  const pattern = /([^\s"'=<>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;
  return new Map(
    [...text.matchAll(pattern)].map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decode(double ?? single ?? bare ?? ''),
    ]),
  );
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

function decode(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, named) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[String(named).toLowerCase()] ?? whole;
  });
}
