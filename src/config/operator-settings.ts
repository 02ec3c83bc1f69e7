/** The rows `OPERATOR_…` of the table of settings: who runs the bridge, as people and programs see it. */
import { contact, logoFile, operatorName, readableColor, webPage } from './operator.ts';
import { optional } from './setting.ts';

export const OPERATOR_SETTINGS = {
  OPERATOR_NAME: optional({
    kind: operatorName,
    without: 'the host of `PUBLIC_URL`',
    meaning: 'Who runs this bridge: the one name that people see on every page, and programs in the metadata',
  }),
  OPERATOR_URL: optional({
    kind: webPage,
    without: 'none',
    meaning: 'The website of the operator, linked under every page',
  }),
  OPERATOR_LOGO: optional({
    kind: logoFile,
    without: 'none',
    meaning: 'A picture beside the name: the path of a PNG, SVG or WebP file of at most 100 KB',
  }),
  OPERATOR_SUPPORT_URL: optional({
    kind: contact,
    without: 'none',
    meaning: 'Where people get help: an https address or `mailto:`, linked under every page and on error pages',
  }),
  OPERATOR_PRIVACY_URL: optional({
    kind: webPage,
    without: 'none',
    meaning: "The operator's privacy policy, linked under every page and named in the metadata",
  }),
  OPERATOR_TERMS_URL: optional({
    kind: webPage,
    without: 'none',
    meaning: "The operator's terms of service, linked under every page and named in the metadata",
  }),
  OPERATOR_COLOR: optional({
    kind: readableColor,
    without: 'blue',
    meaning:
      'The colour of buttons and links, such as `#6b2fb3`, in `.env` in quotes, because `#` begins a comment there; one that is too light to be read is refused, and the dark pages get a lighter one',
  }),
};
