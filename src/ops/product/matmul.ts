/**
 * Matrix product over the last two axes with broadcast leading axes: [..., m, k] · [..., k, n] → [..., m, n]. Either
 * operand may be read transposed. The fuse pass may add an epilogue, which the kernels apply to each tile before storing
 * it: a bias over columns, an operand of the product's own shape, and an activation or its derivative.
 */
import { boolean, options } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import type { ShaderSource } from '../../core/shader-source.ts';
import { broadcastShapes, formatShape, sizeOf } from '../../core/shape.ts';
import {
  matmulColumns,
  matmulDepth,
  matmulRows,
  tileColumns,
  tileRowsMultiple,
} from '../../generated/wasm/constants.ts';
import { matmulKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output, scratch } from '../../graph/kernel.ts';
import type { GpuKernel, StepTypes } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import { noEpilogue, plainSum } from '../../graph/epilogue.ts';
import type { EpilogueAttributes } from '../../graph/epilogue.ts';
import type { ReferenceContext, StructuredOp, TensorType } from '../../graph/op.ts';
import { operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { broadcastTo } from '../shape/broadcast.ts';
import { gpuEpilogue } from './epilogue-wgsl.ts';
import { lowerQuads } from './matmul-quads.ts';
import { variants } from './matmul-variants.ts';
import type { Product } from './matmul-wgsl.ts';
import { checkedOp, requireDType, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { reshape } from '../shape/reshape.ts';

/** Options of `matmul`. */
export interface MatmulOptions {
  /** Reads a as its transpose: a is [..., k, m]. Default false. */
  readonly transposeA?: boolean;
  /** Reads b as its transpose: b is [..., n, k]. Default false. */
  readonly transposeB?: boolean;
}

// A type, not an interface: attributes are index-signature records.
export type MatmulAttributes = EpilogueAttributes & {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
};

/** Sizes and batch strides of a product, for every kernel. */
export interface MatmulSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  /** Elements between consecutive matrices of a batch; 0 when the operand is broadcast over the batch. */
  readonly strideA: number;
  readonly strideB: number;
}

/** Derives sizes and strides from the operands. The batches of a product never need a gather; see `product`. */
export function matmulSizes(inputs: readonly TensorType[], attributes: MatmulAttributes): MatmulSizes {
  const [a, b] = inputs as [TensorType, TensorType];
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const batchA = sizeOf(a.shape.slice(0, -2));
  const batchB = sizeOf(b.shape.slice(0, -2));
  return {
    m: attributes.transposeA ? columnsA : rowsA,
    n: attributes.transposeB ? rowsB : columnsB,
    k: attributes.transposeA ? rowsA : columnsA,
    batch: batchA && batchB && Math.max(batchA, batchB),
    strideA: batchA === 1 ? 0 : rowsA * columnsA,
    strideB: batchB === 1 ? 0 : rowsB * columnsB,
  };
}

/** Describes the product for the WebGPU kernels. */
function productOf(step: StepTypes<MatmulAttributes>): Product {
  const { transposeA, transposeB } = step.attributes;
  return { ...matmulSizes(step.inputs, step.attributes), transposeA, transposeB, ...gpuEpilogue(step) };
}

function infer(inputs: readonly TensorType[], attributes: MatmulAttributes): TensorType {
  const [a, b] = inputs as [TensorType, TensorType];
  for (const { shape, dtype } of [a, b]) {
    requireDType('matmul', dtype, 'float32');
    if (shape.length < 2) {
      throw new ShapeError(`matmul: operands need at least 2 axes, not ${formatShape(shape)}: reshape it to a matrix`);
    }
  }
  const leading = broadcastShapes('matmul, leading axes', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const { m, n, k } = matmulSizes(inputs, attributes);
  const inner = attributes.transposeB ? b.shape.at(-1)! : b.shape.at(-2)!;
  if (k !== inner) {
    throw new ShapeError(
      `matmul: inner dimensions differ, ${formatShape(a.shape)}${attributes.transposeA ? 'ᵀ' : ''} @ ` +
        `${formatShape(b.shape)}${attributes.transposeB ? 'ᵀ' : ''} (${k} vs ${inner}): is the input flattened to ${inner}?`,
    );
  }
  return { shape: [...leading, m, n], dtype: 'float32' };
}

function reference({
  attributes,
  epilogue = plainSum,
  inputs,
  inputTypes,
  outputs,
}: ReferenceContext<MatmulAttributes>): void {
  const [a, b] = inputs as [Float64Array, Float64Array];
  const { m, n, k, batch, strideA, strideB } = matmulSizes(inputTypes, attributes);
  const { transposeA, transposeB, bias, residual } = attributes;
  let at = 0;
  for (let index = 0; index < batch; index++) {
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++, at++) {
        let sum = bias && inputs[bias]![column]!;
        for (let inner = 0; inner < k; inner++) {
          const atA = transposeA ? inner * m + row : row * k + inner;
          const atB = transposeB ? column * k + inner : inner * n + column;
          sum += a[index * strideA + atA]! * b[index * strideB + atB]!;
        }
        outputs[0]![at] = epilogue.reference(sum, residual && inputs[residual]![at]!);
      }
    }
  }
}

/**
 * Brings the operands into a form whose batches need no gather. If b is a single matrix, a's leading axes become
 * additional rows of one product. If both operands have leading axes and these differ, the smaller one is repeated.
 */
function product(
  node: (inputs: readonly Node[], attributes: MatmulAttributes) => Node,
  a: Node,
  b: Node,
  attributes: MatmulAttributes,
): Node {
  const { shape } = infer([a, b], attributes);
  const leading = shape.slice(0, -2);
  if (b.shape.length === 2 && a.shape.length > 2 && !attributes.transposeA) {
    return reshape(node([reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1)!]), b], attributes), shape);
  }
  const repeated = (x: Node): Node => {
    const batch = sizeOf(x.shape.slice(0, -2));
    return batch === 1 || batch === sizeOf(leading) ? x : broadcastTo(x, [...leading, ...x.shape.slice(-2)]);
  };
  return node([repeated(a), repeated(b)], attributes);
}

/** Replaces transposed operands by their sources, which the kernels read with transposed strides. */
function foldTranspose({ inputs, attributes }: Node): Node | undefined {
  const [a, b] = inputs as [Node, Node];
  const { transposeA, transposeB } = attributes as MatmulAttributes;
  const [swapsA, swapsB] = [swapsLastTwo(a), swapsLastTwo(b)];
  if (!swapsA && !swapsB) return undefined;
  return matmul(swapsA ? a.inputs[0]! : a, swapsB ? b.inputs[0]! : b, {
    transposeA: transposeA !== swapsA,
    transposeB: transposeB !== swapsB,
  });
}

function swapsLastTwo({ op, attributes }: Node): boolean {
  if (op.kind !== 'structured' || !op.isTranspose) return false;
  const order = attributes['permutation'] as readonly number[];
  const rank = order.length;
  return order.every((axis, index) => axis === (index < rank - 2 ? index : 2 * rank - 3 - index));
}

/** Bytes of the panels that `assembly/product/matmul.ts` packs. */
export function packedBytes({ m, n, k }: Pick<MatmulSizes, 'm' | 'n' | 'k'>): number {
  const rows = Math.ceil(Math.min(m, matmulRows) / tileRowsMultiple) * tileRowsMultiple;
  const columns = Math.ceil(Math.min(n, matmulColumns) / tileColumns) * tileColumns;
  return Math.max(64, 4 * Math.min(k, matmulDepth) * (rows + columns));
}

const record: Omit<StructuredOp<MatmulAttributes>, 'kind'> = {
  name: 'matmul',
  acceptsEpilogue: true,
  simplify: foldTranspose,
  cost: (inputs, { shape }, attributes) => sizeOf(shape) * matmulSizes(inputs, attributes).k,
  infer,
  gradient: ({ inputs, attributes: { transposeA, transposeB }, upstream }) => {
    const [a, b] = inputs as [Node, Node];
    return [
      transposeA
        ? matmul(b, upstream, { transposeA: transposeB, transposeB: true })
        : matmul(upstream, b, { transposeB: !transposeB }),
      transposeB
        ? matmul(upstream, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, upstream, { transposeA: !transposeA }),
    ];
  },
  kernels: {
    wasm: [
      {
        name: 'packed',
        scratch: ({ inputs, attributes }) => [packedBytes(matmulSizes(inputs, attributes))],
        lower: ({ inputs, attributes, epilogue = plainSum }) => {
          const sizes = matmulSizes(inputs, attributes);
          const { bias, residual, transposeA, transposeB } = attributes;
          const { wasm, wasmModule } = epilogue;
          const words = {
            a: input(0),
            b: input(1),
            c: output(0),
            bias: bias ? input(bias) : (0 as const),
            ...sizes,
            transposeA,
            transposeB,
            strideC: sizes.m * sizes.n,
            activation: wasm,
            scratch: scratch(0),
            extra: residual ? input(residual) : (0 as const),
          };
          return [call(matmulKernel, words, wasmModule && [wasmModule])];
        },
      },
    ],
    webgpu: [
      {
        name: 'quads',
        requires: ({ device }) => !!device?.softwareQuads,
        lower: (step) => [lowerQuads(productOf(step), step.device!.softwareQuads as ShaderSource)],
      },
      ...variants.map(({ name, when, scratch, lower }): GpuKernel<MatmulAttributes> => ({
        name,
        ...(when && { when: (step) => when(productOf(step)) }),
        scratch: (step) => scratch?.(productOf(step)) ?? [],
        lower: (step) => lower(productOf(step)),
      })),
    ],
  },
  reference,
};

/**
 * The matrix product over the last two axes. Leading axes broadcast. Also exported as `matMul`.
 *
 * @param a float32 [..., m, k], or [..., k, m] with `transposeA`
 * @param b float32 [..., k, n], or [..., n, k] with `transposeB`
 * @param options `transposeA` and `transposeB`, both false by default
 * @returns float32 [..., m, n]
 * @throws ShapeError for operands with fewer than two axes, different inner dimensions, or leading axes that do not
 *   broadcast
 * @throws DTypeError unless both operands are float32
 * @example matmul(tensor([[1, 2], [3, 4]]), tensor([[5], [6]])); // [[17], [39]]
 */
export const matmul: OpFunction<
  [a: TensorLike, b: TensorLike, options?: MatmulOptions],
  StructuredOp<MatmulAttributes>
> = /* @__PURE__ */ checkedOp(
  { a: operand, b: operand, options: /* @__PURE__ */ options({ transposeA: boolean, transposeB: boolean }) },
  /* @__PURE__ */ structured<MatmulAttributes, [a: Node, b: Node, options?: MatmulOptions]>(
    record,
    (node, a, b, { transposeA = false, transposeB = false } = {}) =>
      product(node, a, b, { transposeA, transposeB, ...noEpilogue }),
  ),
);
