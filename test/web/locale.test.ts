// The language of a page: what the client asks for, then what the browser prefers (OpenID Connect Core section 3.1.2.1,
// RFC 9110 section 12.5.4, RFC 4647 section 3.4); and whole texts in both.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { tools } from '../../src/mcp/tools/index.ts';
import { LOCALES, messages, negotiateLocale, toolTitle } from '../../src/web/locale.ts';
import type { Locale } from '../../src/web/views.ts';

const GITHUB_SCOPES =
  `repo repo:status repo_deployment public_repo repo:invite security_events admin:repo_hook write:repo_hook
  read:repo_hook admin:org write:org read:org admin:public_key write:public_key read:public_key admin:org_hook gist notifications user
  read:user user:email user:follow project read:project delete_repo write:packages read:packages delete:packages admin:gpg_key
  write:gpg_key read:gpg_key codespace workflow read:audit_log openid profile email offline_access`.split(/\s+/);

describe('locales', () => {
  /** Every text with its place. */
  function texts(value: unknown, at = ''): [string, string][] {
    if (typeof value === 'string') return [[at, value]];
    return Object.entries(value ?? {}).flatMap(([key, inner]) => texts(inner, `${at}/${key}`));
  }
  const marks = (text: string) => (text.match(/\{\w+\}|`[^`]+`/g) ?? []).sort();

  /** What a language lacks, and what it has that English has not. */
  function faults(language: unknown): string[] {
    const [own, english] = [new Map(texts(language)), new Map(texts(messages('en')))];
    return [
      ...[...english].flatMap(([at, text]) => {
        const translated = own.get(at);
        if (translated === undefined) return [`lacks ${at}`];
        if (translated.trim() === '' && text.trim() !== '' && !at.endsWith('/between')) return [`${at} is empty`];
        const same = marks(translated).join() === marks(text).join();
        return same ? [] : [`${at} has ${marks(translated).join(' ')} and not ${marks(text).join(' ')}`];
      }),
      ...[...own.keys()].filter((at) => !english.has(at)).map((at) => `${at} is not in English`),
    ];
  }

  test('have the same keys, placeholders and commands', () => {
    for (const locale of LOCALES) assert.deepEqual(faults(messages(locale)), [], locale);
  });

  test('are the files of their folder, each with its own name', () => {
    const files = readdirSync(new URL('../../templates/locales/', import.meta.url));
    assert.deepEqual([...LOCALES].map((locale) => `${locale}.ts`).sort(), files.sort());
    assert.equal(new Set(LOCALES.map((locale) => messages(locale).language)).size, LOCALES.length);
  });

  test('say what a third language lacks', () => {
    const whole = messages('en');
    const { footer: _, ...rest } = whole;
    const third = { ...rest, connectedAs: 'Connecté', more: 'Plus', brand: ' ' };
    assert.deepEqual(faults(third), [
      '/brand is empty',
      '/connectedAs has  and not {login}',
      'lacks /footer/support',
      'lacks /footer/privacy',
      'lacks /footer/terms',
      '/more is not in English',
    ]);
    assert.deepEqual(faults(whole), []);
  });

  test('in English have the spelling of America, as GitHub has', () => {
    const british = /colour|behaviour|favourite|centre|licence|recognis|organis|authoris|customis|cancell|untick/i;
    for (const [at, text] of texts(messages('en'))) assert.doesNotMatch(text, british, at);
  });

  test('have one spelling for each thing: people sign in, and quotation marks and apostrophes are curved', () => {
    // Other programs have words of their own.
    const own = (locale: Locale) => texts(messages(locale)).filter(([at]) => !/\/(?:readdClients|clients)\//.test(at));
    for (const [at, text] of own('en'))
      assert.doesNotMatch(
        text.replace(/`[^`]*`|\{\w+\}/g, ''),
        /\blog(?:ged)? ?(?:in|out)\b|e-mail|username|['"]/i,
        at,
      );
    for (const [at, text] of own('ja'))
      assert.doesNotMatch(
        text,
        /ログイン|ログアウト|サーバ(?!ー)|ブラウザ(?!ー)|ユーザ(?!ー)|[Ａ-Ｚａ-ｚ０-９]|[!?]/,
        at,
      );
  });

  test('have the titles of the built-in tools, and leave those of others as they are', () => {
    assert.deepEqual(messages('en').tools, Object.fromEntries(tools.map(({ name, title }) => [name, title])));
    assert.equal(toolTitle('ja', { name: 'get_auth_status', title: 'Get the sign-in status' }), 'サインイン状態の取得');
    assert.equal(toolTitle('ja', { name: 'get_auth_status', title: 'Mine' }), 'Mine');
    assert.equal(toolTitle('ja', { name: 'constructor', title: 'Mine' }), 'Mine');
  });

  test('have words for every scope of GitHub and OpenID Connect', () => {
    for (const locale of LOCALES)
      assert.deepEqual(Object.keys(messages(locale).scopes).sort(), [...GITHUB_SCOPES, 'bridge:admin'].sort());
  });

  const table: [uiLocales: string | undefined, acceptLanguage: string | undefined, expected: Locale][] = [
    [undefined, undefined, 'en'],
    ['ja', undefined, 'ja'],
    ['JA-jp', 'en', 'ja'],
    ['fr ja en', 'en', 'ja'],
    ['fr', 'ja', 'ja'],
    ['fr de', undefined, 'en'],
    ['', 'ja', 'ja'],
    [undefined, 'ja,en-US;q=0.9,en;q=0.8', 'ja'],
    [undefined, 'en-GB,en;q=0.9,ja;q=0.8', 'en'],
    [undefined, 'fr-FR, ja ; q=0.5', 'ja'],
    [undefined, 'en;q=0.2, ja;q=0.7', 'ja'],
    [undefined, 'ja;q=0', 'en'],
    [undefined, 'en;q=0, *', 'ja'],
    [undefined, 'ja;q=0.5, *;q=0.8', 'en'],
    [undefined, 'ja, *', 'ja'],
    [undefined, '*', 'en'],
    [undefined, 'fr, de', 'en'],
    [undefined, 'ja;q=banana, en;q=0.1', 'en'],
    ['jam', 'java', 'en'],
    ['__proto__ constructor', ';;;,,=q,\u0000', 'en'],
    ['x'.repeat(1e6), ','.repeat(1e6), 'en'],
  ];
  for (const [uiLocales, acceptLanguage, expected] of table)
    test(`${JSON.stringify(uiLocales)?.slice(0, 30)} and ${JSON.stringify(acceptLanguage)?.slice(0, 40)} give ${expected}`, () => {
      assert.equal(negotiateLocale(uiLocales, acceptLanguage), expected);
    });
});
