/**
 * Access to a data set on the device: each step gathers its own batch and stores its predictions in place. The cursor is
 * the index of the batch's first row, an int32 variable that the program increments by the batch size. The ops have no
 * gradient, because data are not parameters.
 */
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, sizeOf } from '../../core/shape.ts';
import { batch as batchShader } from '../../generated/shaders/batch.ts';
import { gatherDTypes } from '../../generated/wasm/constants.ts';
import { gatherBatchKernel, storeRowsKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { ReferenceContext, StructuredOp, TensorType } from '../../graph/op.ts';
import { elementDispatch, stridingThreads } from '../dispatch.ts';
import { requireDType, requireInteger, requireRank, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';

/** Float32 results are data · scale + offset. */
export type GatherBatchAttributes = { readonly batch: number; readonly scale: number; readonly offset: number };

function requireCursor(op: string, cursor: TensorType): void {
  requireDType(`${op}, cursor`, cursor.dtype, 'int32');
  requireRank(op, 'cursor', cursor.shape, 0);
}

function inferGatherBatch(inputs: readonly TensorType[], { batch }: GatherBatchAttributes): TensorType {
  const [data, cursor, permutation] = inputs as [TensorType, TensorType, TensorType | undefined];
  requireCursor('gatherBatch', cursor);
  requireInteger('gatherBatch', 'batch', batch, 1);
  const [samples, ...row] = data.shape;
  if (samples === undefined) throw new ShapeError('gatherBatch: data must be [samples, ...row], not a scalar');
  if (permutation) {
    requireDType('gatherBatch, permutation', permutation.dtype, 'int32');
    if (!sameShape(permutation.shape, [samples])) {
      throw new ShapeError(
        `gatherBatch: the permutation must have one index for each sample, ${formatShape([samples])}, not ${formatShape(
          permutation.shape,
        )}`,
      );
    }
  }
  return { shape: [batch, ...row], dtype: data.dtype === 'int32' ? 'int32' : 'float32' };
}

function referenceGatherBatch({
  attributes: { batch, scale, offset },
  inputs,
  inputTypes,
  outputs,
}: ReferenceContext<GatherBatchAttributes>): void {
  const [data, cursor, permutation] = inputs as [Float64Array, Float64Array, Float64Array | undefined];
  const [samples = 0, ...row] = inputTypes[0]!.shape;
  const [rowLength, whole] = [sizeOf(row), inputTypes[0]!.dtype === 'int32'];
  for (let place = 0; place < batch; place++) {
    const position = cursor[0]! + place;
    const sample = permutation && position < samples ? permutation[position]! : position;
    const inside = position >= 0 && position < samples && sample >= 0 && sample < samples;
    for (let column = 0; column < rowLength; column++) {
      const value = inside ? data[sample * rowLength + column]! : 0;
      outputs[0]![place * rowLength + column] = whole || !inside ? value : value * scale + offset;
    }
  }
}

/** Options of `gatherBatch`. */
export interface GatherBatchOptions {
  readonly batch: number;
  /** Factor for float32 results. Default 1; 1/255 maps bytes to [0, 1]. */
  readonly scale?: number;
  readonly offset?: number;
}

/**
 * Gathers the samples at positions cursor … cursor + batch − 1 of the permutation, or of the data if the permutation is
 * null. Rows past the end are zeros. Float32 results are data · scale + offset.
 *
 * @param data [samples, ...row] of any dtype
 * @param permutation int32 [samples], or null
 * @param cursor int32 scalar: the position of the batch's first row
 * @param options batch size, scale and offset
 * @returns [batch, ...row]: int32 for int32 data, otherwise float32
 * @throws ShapeError when the permutation's length is not the number of samples
 */
export const gatherBatch: OpFunction<
  [data: Node, permutation: Node | null, cursor: Node, options: GatherBatchOptions],
  StructuredOp<GatherBatchAttributes>
> = /* @__PURE__ */ structured<
  GatherBatchAttributes,
  [data: Node, permutation: Node | null, cursor: Node, options: GatherBatchOptions]
>(
  {
    name: 'gatherBatch',
    infer: inferGatherBatch,
    gradient: null,
    kernels: {
      wasm: [
        {
          name: 'rows',
          lower: ({ inputs: [data, , permutation], attributes: { batch, scale, offset } }) => {
            const [samples = 0, ...row] = data!.shape;
            return [
              call(gatherBatchKernel, {
                table: input(0),
                permutation: permutation ? input(2) : 0,
                cursor: input(1),
                out: output(0),
                batch,
                rowLength: sizeOf(row),
                samples,
                dtype: gatherDTypes.indexOf(data!.dtype),
                scale,
                offset,
              }),
            ];
          },
        },
      ],
      webgpu: [
        {
          name: 'elements',
          lower: ({ inputs: [data, , permutation], attributes: { batch, scale, offset }, device }) => {
            const [samples = 0, ...row] = data!.shape;
            const order = input(permutation ? 2 : 1); // an unused binding must still be bound to a buffer
            const bindings = { data: input(0), cursor: input(1), permutation: order, rows: output(0) };
            const uniforms = { batch, row_length: sizeOf(row), samples, scale, offset };
            const constants = { has_permutation: Number(!!permutation), data_type: gatherDTypes.indexOf(data!.dtype) };
            const count = stridingThreads(batch * sizeOf(row), device);
            return [elementDispatch(batchShader, 'gather_batch', count, { bindings, uniforms, constants })];
          },
        },
      ],
    },
    reference: referenceGatherBatch,
  },
  (node, data, permutation, cursor, { batch, scale = 1, offset = 0 }) =>
    node(permutation ? [data, cursor, permutation] : [data, cursor], { batch, scale, offset }),
);

type StoreRowsAttributes = Record<string, never>;

function inferStoreRows([target, cursor, batch]: readonly TensorType[]): TensorType {
  requireDType('storeRows, target', target!.dtype, 'float32', 'int32');
  requireDType('storeRows, batch', batch!.dtype, target!.dtype);
  requireCursor('storeRows', cursor!);
  const fits = target!.shape.length > 0 && batch!.shape.length > 0;
  if (!fits || !sameShape(target!.shape.slice(1), batch!.shape.slice(1))) {
    throw new ShapeError(
      `storeRows: rows of ${formatShape(batch!.shape)} do not fit into ${formatShape(target!.shape)}: ` +
        `all dimensions but the first must be equal`,
    );
  }
  return target!;
}

/**
 * Writes the rows of a batch to rows cursor … cursor + B − 1 of the target. Rows past the end are dropped.
 *
 * @param target float32 or int32 [rows, ...row]; updated in place
 * @param cursor int32 scalar: the index of the first row to write
 * @param batch [B, ...row] of the target's dtype
 * @returns the target
 * @throws ShapeError when the row shapes differ; DTypeError when the dtypes differ
 */
export const storeRows: OpFunction<
  [target: Node, cursor: Node, batch: Node],
  StructuredOp<StoreRowsAttributes>
> = /* @__PURE__ */ structured<StoreRowsAttributes, [target: Node, cursor: Node, batch: Node]>(
  {
    name: 'storeRows',
    infer: inferStoreRows,
    gradient: null,
    inPlace: 0,
    kernels: {
      wasm: [
        {
          name: 'rows',
          lower: ({ inputs: [target, , batch] }) => {
            const [rows = 0, ...row] = target!.shape;
            return [
              call(storeRowsKernel, {
                source: input(2),
                target: output(0),
                cursor: input(1),
                batch: batch!.shape[0]!,
                rowLength: sizeOf(row),
                rows,
              }),
            ];
          },
        },
      ],
      webgpu: [
        {
          name: 'elements',
          lower: ({ inputs: [target, , values] }) => {
            const [samples = 0, ...row] = target!.shape;
            const batch = values!.shape[0]!;
            const bindings = { cursor: input(1), values: input(2), stored: output(0) };
            const uniforms = { batch, row_length: sizeOf(row), samples };
            return [elementDispatch(batchShader, 'store_rows', batch * sizeOf(row), { bindings, uniforms })];
          },
        },
      ],
    },
    reference: ({ inputs, inputTypes, outputs }) => {
      const [rows = 0, ...row] = inputTypes[0]!.shape;
      const rowLength = sizeOf(row);
      const count = inputTypes[2]!.shape[0]!;
      for (let place = 0; place < count; place++) {
        const at = inputs[1]![0]! + place;
        if (at < 0 || at >= rows) continue;
        for (let column = 0; column < rowLength; column++) {
          outputs[0]![at * rowLength + column] = inputs[2]![place * rowLength + column]!;
        }
      }
    },
  },
  (node, target, cursor, batch) => node([target, cursor, batch], {}),
);
