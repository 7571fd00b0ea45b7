/**
 * Reads the words of wasm kernels from their source: a kernel is an exported function of one `@unmanaged` class, whose
 * fields are its words in their order (assembly/words.ts). AssemblyScript is parsed as TypeScript, whose syntax it has.
 */
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** What a field takes, as the generated binding knows it. */
const operandTypes: Readonly<Record<string, string>> = {
  Address: 'Operand',
  OptionalAddress: 'Operand | 0',
  Flag: 'boolean',
  FunctionIndex: 'number | FunctionWord',
  Bits: 'number | FloatWord',
  u32: 'number',
  i32: 'number',
  f32: 'number',
};
const fieldTypes = [...Object.keys(operandTypes), 'List<Class>'].join(', ');

export interface WordField {
  readonly name: string;
  /** The comment above it, with its marks. */
  readonly comment: string;
  /** The type of what a record gives. */
  readonly type: string;
  readonly isFloat: boolean;
  /** The class of the items, for a list. */
  readonly items?: WordClass;
}

export interface WordClass {
  readonly name: string;
  readonly comment: string;
  /** Those of the class that it extends first. */
  readonly fields: readonly WordField[];
}

export interface KernelFunction {
  /** The name of the export. */
  readonly name: string;
  readonly comment: string;
  readonly words: WordClass;
}

/** Gives the text of a file by its path from the project's folder. */
export type ReadSource = (file: string) => string;

/** Finds the kernels that modules export, and checks their classes. */
export class KernelReader {
  readonly #read: ReadSource;
  readonly #files = new Map<string, ts.SourceFile>();
  readonly #classes = new Map<ts.ClassDeclaration, WordClass>();

  constructor(read: ReadSource) {
    this.#read = read;
  }

  /**
   * The kernels among the functions that a file of assembly/modules/ exports.
   *
   * @throws Error with file and line where a class of words is not as it should be
   */
  kernels(file: string): KernelFunction[] {
    const found: KernelFunction[] = [];
    for (const statement of this.#parse(file).statements) {
      if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier || !statement.exportClause) continue;
      if (!ts.isNamedExports(statement.exportClause)) continue;
      const source = this.#parse(resolve(file, statement.moduleSpecifier));
      for (const { name, propertyName } of statement.exportClause.elements) {
        const declared = declaration(source, (propertyName ?? name).text);
        if (!declared || !ts.isFunctionDeclaration(declared)) continue;
        const words = this.#wordsOf(declared);
        if (words) found.push({ name: name.text, comment: commentOf(declared), words });
      }
    }
    return found;
  }

  #parse(file: string): ts.SourceFile {
    const known = this.#files.get(file);
    if (known) return known;
    const source = ts.createSourceFile(file, this.#read(file), ts.ScriptTarget.ES2022, true);
    this.#files.set(file, source);
    return source;
  }

  /** The class that a function takes; undefined for a function that is no kernel. */
  #wordsOf({ parameters, type }: ts.FunctionDeclaration): WordClass | undefined {
    const [parameter] = parameters;
    const name = parameter?.type?.getText() ?? '';
    if (parameters.length !== 1 || !/^[A-Z]\w*$/.test(name) || name in operandTypes) return undefined;
    if (type?.getText() !== 'void') fail(parameter!, 'a kernel returns void');
    return this.#class(parameter!, name);
  }

  /** The class of this name, in the file of the node that names it or imported there. */
  #class(user: ts.Node, name: string): WordClass {
    const node = this.#find(user, user.getSourceFile(), name);
    const known = this.#classes.get(node);
    if (known) return known;
    const decorators = (ts.getDecorators(node) ?? []).map(({ expression }) => expression.getText());
    if (!decorators.includes('unmanaged')) fail(node, `the class ${name} must be @unmanaged`);
    const base = node.heritageClauses?.[0]?.types[0];
    const inherited = base ? this.#class(base, base.expression.getText()).fields : [];
    const fields = [...inherited, ...node.members.map((member) => this.#field(member))];
    fields.forEach((field, index) => {
      if (field.items && index < fields.length - 1)
        fail(node, `${name}.${field.name}: only the last field may be a list`);
      if (fields.findIndex((other) => other.name === field.name) < index)
        fail(node, `${name} has two fields ${field.name}`);
    });
    if (fields.length === 0) fail(node, `the class ${name} has no fields`);
    const words = { name, comment: commentOf(node), fields };
    this.#classes.set(node, words);
    return words;
  }

  #find(user: ts.Node, source: ts.SourceFile, name: string): ts.ClassDeclaration {
    const declared = declaration(source, name);
    if (declared && ts.isClassDeclaration(declared)) return declared;
    for (const statement of source.statements) {
      if (!ts.isImportDeclaration(statement)) continue;
      const bindings = statement.importClause?.namedBindings;
      const imported =
        bindings && ts.isNamedImports(bindings) && bindings.elements.find((each) => each.name.text === name);
      if (!imported) continue;
      const from = this.#parse(resolve(source.fileName, statement.moduleSpecifier));
      return this.#find(user, from, (imported.propertyName ?? imported.name).text);
    }
    return fail(user, `there is no class ${name} in ${source.fileName}, and none is imported`);
  }

  #field(member: ts.ClassElement): WordField {
    if (!ts.isPropertyDeclaration(member) || member.modifiers?.length || member.questionToken || member.initializer) {
      return fail(member, `a class of words has only fields such as 'rows: u32;', not '${member.getText()}'`);
    }
    const name = member.name.getText();
    const comment = commentOf(member);
    if (comment === '') fail(member, `${name} has no doc comment: say what it is, and the shape of a buffer`);
    const type = member.type?.getText() ?? '';
    const item = /^List<(\w+)>$/.exec(type)?.[1];
    if (item !== undefined) {
      const items = this.#class(member, item);
      if (items.fields.some((field) => field.items)) fail(member, `${name}: an item of a list has no list itself`);
      return { name, comment, type: `readonly ${item}[]`, isFloat: false, items };
    }
    const given = operandTypes[type];
    if (given === undefined)
      return fail(member, `${name}: there is no word of type '${type}': the types are ${fieldTypes}`);
    return { name, comment, type: given, isFloat: type === 'f32' };
  }
}

function fail(node: ts.Node, message: string): never {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  throw new Error(`${source.fileName}:${line + 1}: ${message}`);
}

/** The path of an imported file. */
function resolve(file: string, specifier: ts.Expression): string {
  return `${join(dirname(file), (specifier as ts.StringLiteral).text)}.ts`;
}

/** The function or class of this name at the top of a file. */
function declaration(source: ts.SourceFile, name: string): ts.FunctionDeclaration | ts.ClassDeclaration | undefined {
  return source.statements.find(
    (node): node is ts.FunctionDeclaration | ts.ClassDeclaration =>
      (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && node.name?.text === name,
  );
}

/** The doc comment before a node as it stands, or ''. */
function commentOf(node: ts.Node): string {
  const text = node.getSourceFile().text;
  const ranges = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  const comment = ranges.map(({ pos, end }) => text.slice(pos, end)).at(-1) ?? '';
  return comment.startsWith('/**') ? comment : '';
}
