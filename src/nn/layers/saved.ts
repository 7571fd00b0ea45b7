/** What a layer's config holds of an initializer or regularizer: enough to make it again. */
import type { Initializer } from '../initializers/initializers.ts';
import type { Regularizer } from '../regularizers.ts';

export function saved({ name, config }: Initializer | Regularizer): {
  readonly name: string;
  readonly config: unknown;
} {
  return { name, config };
}
