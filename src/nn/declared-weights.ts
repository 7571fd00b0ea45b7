/**
 * Weights that a layer declares in a table. The table determines the options `<name>Initializer` and `<name>Regularizer`,
 * their checks, their serialization, and the regularization penalties.
 */
import type { ArgumentTable } from '../core/arguments.ts';
import type { Node, Variable } from '../graph/node.ts';
import { initializerLike, regularizerLike } from './arguments.ts';
import { initializerFrom } from './initializers/initializers.ts';
import type { Initializer, InitializerLike, InitializerName } from './initializers/initializers.ts';
import { regularizerFrom } from './regularizers.ts';
import type { Regularizer, RegularizerLike } from './regularizers.ts';

export interface WeightDeclaration {
  /** The default initializer. */
  readonly initializer: InitializerName;
  /** Prefix of the option names. Default: the name of the weight. */
  readonly option?: string;
  /** Default 'parameter'. A weight of role 'state' is not trained and has no regularizer. */
  readonly role?: 'parameter' | 'state';
}

/** Weight declarations by name, such as `kernel`. */
export type WeightTable = Readonly<Record<string, WeightDeclaration>>;

interface DeclaredWeight {
  readonly role: 'parameter' | 'state';
  readonly option: string;
  readonly initializer: Initializer;
  readonly regularizer: Regularizer | undefined;
}

/** Argument types of the options that `table` declares. */
export function weightOptions(table: WeightTable): ArgumentTable {
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, { option = name, role }]) => [
      [`${option}Initializer`, initializerLike] as const,
      ...(role === 'state' ? [] : [[`${option}Regularizer`, regularizerLike] as const]),
    ]),
  );
}

export class DeclaredWeights {
  readonly #weights: ReadonlyMap<string, DeclaredWeight>;

  /** Throws `ValueError` for an unknown initializer or regularizer in `options`. */
  constructor(table: WeightTable, options: object) {
    const given = options as Readonly<Record<string, unknown>>;
    this.#weights = new Map(
      Object.entries(table).map(([name, { initializer, option = name, role = 'parameter' }]) => {
        const regularizer = given[`${option}Regularizer`] as RegularizerLike | undefined;
        return [
          name,
          {
            role,
            option,
            initializer: initializerFrom((given[`${option}Initializer`] as InitializerLike | undefined) ?? initializer),
            regularizer: regularizer && regularizerFrom(regularizer),
          },
        ];
      }),
    );
  }

  get(name: string): DeclaredWeight | undefined {
    return this.#weights.get(name);
  }

  /** The initializers and regularizers as JSON-serializable data. */
  config(): Readonly<Record<string, unknown>> {
    const weights = [...this.#weights.values()];
    return Object.fromEntries([
      ...weights.map(({ option, initializer }) => [`${option}Initializer`, serialize(initializer)] as const),
      ...weights.flatMap(({ option, regularizer }) =>
        regularizer ? [[`${option}Regularizer`, serialize(regularizer)] as const] : [],
      ),
    ]);
  }

  /** The penalties of all created weights that have a regularizer. */
  penalties(created: ReadonlyMap<string, Variable>): Node[] {
    return [...this.#weights].flatMap(([name, { regularizer }]) => {
      const weight = created.get(name);
      return regularizer && weight ? [regularizer.penalty(weight)] : [];
    });
  }
}

/** The name and config from which an initializer or regularizer can be recreated. */
function serialize({ name, config }: Initializer | Regularizer): { readonly name: string; readonly config: unknown } {
  return { name, config };
}
