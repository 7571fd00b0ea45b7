/**
 * Reads assembly/constants.ts, the numbers that the wasm modules and src both know, and writes them as TypeScript: a constant
 * keeps its value, an enum becomes the list of its members' names, whose index is their number.
 */
import ts from 'typescript';
import { camelCase } from './files.ts';

/** `RING_JOBS` → `ringJobs` */
const constantName = (name: string): string => camelCase(name.toLowerCase().replaceAll('_', '-'));

/** `CellActivation` → `cellActivations` */
const listName = (name: string): string => `${name[0]!.toLowerCase()}${name.slice(1)}s`;

/**
 * The text of src/generated/wasm/constants.ts.
 *
 * @throws Error with file and line for what is neither a number that can be computed here nor an enum without values
 */
export function emitConstants(header: string, file: string, text: string): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const values = new Map<string, number>();
  const lines: string[] = [];
  for (const statement of source.statements) {
    if (ts.isEnumDeclaration(statement)) {
      const names = statement.members.map((member) => {
        if (member.initializer) fail(member, 'a member of an enum has no value: its number is its place');
        return `'${member.name.getText()}'`;
      });
      lines.push(
        `${commentOf(statement)}export const ${listName(statement.name.text)} = [${names.join(', ')}] as const;\n`,
      );
      continue;
    }
    const [declared, ...others] = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [];
    if (!declared?.initializer || others.length > 0 || !/^export const /.test(statement.getText())) {
      fail(statement, "expected 'export const NAME: u32 = …;' or 'export enum Name { … }'");
    }
    const name = declared.name.getText();
    const value = evaluate(declared.initializer, values);
    values.set(name, value);
    lines.push(`${commentOf(statement)}export const ${constantName(name)} = ${value};\n`);
  }
  return `${header}\n${lines.join('')}`;
}

const operations: Readonly<Partial<Record<ts.SyntaxKind, (a: number, b: number) => number>>> = {
  [ts.SyntaxKind.PlusToken]: (a, b) => a + b,
  [ts.SyntaxKind.MinusToken]: (a, b) => a - b,
  [ts.SyntaxKind.AsteriskToken]: (a, b) => a * b,
  [ts.SyntaxKind.SlashToken]: (a, b) => Math.trunc(a / b),
};

/** The value of an expression of integers and of constants before it. */
function evaluate(node: ts.Expression, values: ReadonlyMap<string, number>): number {
  if (ts.isParenthesizedExpression(node)) return evaluate(node.expression, values);
  if (ts.isNumericLiteral(node) && Number.isInteger(Number(node.text))) return Number(node.text);
  const known = ts.isIdentifier(node) ? values.get(node.text) : undefined;
  if (known !== undefined) return known;
  const operation = ts.isBinaryExpression(node) ? operations[node.operatorToken.kind] : undefined;
  if (ts.isBinaryExpression(node) && operation)
    return operation(evaluate(node.left, values), evaluate(node.right, values));
  return fail(node, `cannot compute '${node.getText()}': use integers, constants above, + - * and /`);
}

function commentOf(node: ts.Node): string {
  const text = node.getSourceFile().text;
  const ranges = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  const comment = ranges.map(({ pos, end }) => text.slice(pos, end)).at(-1) ?? '';
  return comment.startsWith('/**') ? `${comment}\n` : '';
}

function fail(node: ts.Node, message: string): never {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  throw new Error(`${source.fileName}:${line + 1}: ${message}`);
}
