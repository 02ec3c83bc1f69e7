/**
 * `npm run docs:api`: the reference of the package's public names, made from their doc comments, in docs/api. An argument names
 * another folder. It fails, and writes nothing, when a public name or member has no doc comment.
 */
import {
  Application,
  type DeclarationReflection,
  ReflectionKind,
  ReflectionType,
  type TranslatedString,
} from 'typedoc';

const [folder = 'docs/api'] = process.argv.slice(2);

const MARKDOWN = {
  plugin: ['typedoc-plugin-markdown'],
  router: 'module',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
};
const app = await Application.bootstrapWithPlugins({
  ...MARKDOWN,
  entryPoints: ['src/index.ts'],
  outputs: [{ name: 'markdown', path: folder }],
  tsconfig: 'tsconfig.build.json',
  // `npm run check` does that, with the compiler of the repository; TypeDoc has one of its own.
  skipErrorChecking: true,
  readme: 'none',
  githubPages: false,
  disableSources: true,
  excludeExternals: true,
  excludePrivate: true,
  validation: { notDocumented: false, invalidLink: true, notExported: false },
  logLevel: 'Warn',
});
const project = await app.convert();
if (project === undefined) process.exit(1);

/** What must have a comment of its own. */
const NAMES =
  ReflectionKind.ClassOrInterface |
  ReflectionKind.TypeAlias |
  ReflectionKind.VariableOrProperty |
  ReflectionKind.FunctionOrMethod |
  ReflectionKind.Accessor;

/** Whether the comment of the name above describes it as well: a field of a type literal, or what a class overrides. */
function isDescribedAbove({ parent, overwrites }: DeclarationReflection): boolean {
  return overwrites !== undefined || parent?.kindOf(ReflectionKind.TypeLiteral) === true;
}

function hasComment(name: DeclarationReflection): boolean {
  const inner = name.type instanceof ReflectionType ? name.type.declaration.signatures : undefined;
  const signatures = [name.signatures, inner, name.getSignature].flat().filter((each) => each !== undefined);
  return name.hasComment() || (signatures.length > 0 && signatures.every((each) => each.hasComment()));
}

const names = project.getReflectionsByKind(NAMES) as DeclarationReflection[];
for (const name of names.filter((name) => !isDescribedAbove(name) && !hasComment(name)))
  app.logger.error(`${name.getFullName()} has no doc comment` as TranslatedString);
app.validate(project);
if (app.logger.hasWarnings() || app.logger.hasErrors()) process.exit(1);
await app.generateOutputs(project);
