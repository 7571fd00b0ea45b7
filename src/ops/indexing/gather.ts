/**
 * Row lookup in a table by index, as in an embedding layer, and its inverse, the sum of rows into a table. Each op is the
 * gradient of the other.
 */
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, sizeOf } from '../../core/shape.ts';
import { gather as gatherShader } from '../../generated/shaders/gather.ts';
import { gatherDTypes } from '../../generated/wasm/constants.ts';
import { gatherKernel, scatterAddKernel } from '../../generated/wasm/kernels.ts';
import { call, input, output, scratch } from '../../graph/kernel.ts';
import type { Node } from '../../graph/node.ts';
import type { ReferenceContext, StructuredOp, TensorType } from '../../graph/op.ts';
import { operand } from '../arguments.ts';
import type { TensorLike } from '../arguments.ts';
import { elementDispatch } from '../dispatch.ts';
import { checkedOp, requireDType, requireInteger, structured } from '../define.ts';
import type { OpFunction } from '../define.ts';
import { fillDispatch } from '../shape/strided-copy-wgsl.ts';

/** Sizes of a gather or scatter: the number of indices, elements per row, and rows in the table. */
export interface GatherSizes {
  readonly count: number;
  readonly rowLength: number;
  readonly tableRows: number;
}

export function gatherSizes([table, indices]: readonly TensorType[]): GatherSizes {
  const [tableRows = 0, ...row] = table!.shape;
  return { count: sizeOf(indices!.shape), rowLength: sizeOf(row), tableRows };
}

function inferGather([table, indices]: readonly TensorType[]): TensorType {
  requireDType('gather, table', table!.dtype, 'float32', 'int32');
  requireDType('gather, indices', indices!.dtype, 'int32');
  if (table!.shape.length === 0) throw new ShapeError('gather: the table must be [rows, ...row], not a scalar');
  return { shape: [...indices!.shape, ...table!.shape.slice(1)], dtype: table!.dtype };
}

function referenceGather({ inputs, inputTypes, outputs }: ReferenceContext<Record<string, never>>): void {
  const { count, rowLength, tableRows } = gatherSizes(inputTypes);
  for (let place = 0; place < count; place++) {
    const row = inputs[1]![place]!;
    const inside = row >= 0 && row < tableRows;
    for (let column = 0; column < rowLength; column++) {
      outputs[0]![place * rowLength + column] = inside ? inputs[0]![row * rowLength + column]! : 0;
    }
  }
}

/**
 * Looks up rows of a table by index. An index outside the table gives a row of zeros.
 *
 * @param table float32 or int32 [rows, ...row]
 * @param indices int32 of any shape
 * @returns [...indices, ...row] of the table's dtype
 * @throws ShapeError for a scalar table; DTypeError for other dtypes
 * @example gather(tensor([[1, 2], [3, 4]]), constant([1, 0, 1], undefined, 'int32')); // [[3, 4], [1, 2], [3, 4]]
 */
export const gather: OpFunction<
  [table: TensorLike, indices: TensorLike],
  StructuredOp<Record<string, never>>
> = /* @__PURE__ */ checkedOp(
  { table: operand, indices: operand },
  /* @__PURE__ */ structured<Record<string, never>, [table: Node, indices: Node]>(
    {
      name: 'gather',
      infer: inferGather,
      gradient: ({ inputs: [table, indices], upstream }) => [scatterAdd(upstream, indices!, table!.shape[0]!), null],
      kernels: {
        wasm: [
          {
            name: 'gather',
            lower: ({ inputs }) => {
              const operands = { table: input(0), indices: input(1), out: output(0) };
              const dtype = gatherDTypes.indexOf(inputs[0]!.dtype);
              return [call(gatherKernel, { ...operands, ...gatherSizes(inputs), dtype, scale: 1, offset: 0 })];
            },
          },
        ],
        webgpu: [
          {
            name: 'elements',
            lower: ({ inputs }) => {
              const { count, rowLength, tableRows } = gatherSizes(inputs);
              const bindings = { table: input(0), indices: input(1), rows: output(0) };
              const uniforms = { count, row_length: rowLength, table_rows: tableRows };
              return [elementDispatch(gatherShader, 'gather', count * rowLength, { bindings, uniforms })];
            },
          },
        ],
      },
      reference: referenceGather,
    },
    (node, table, indices) => node([table, indices], {}),
  ),
);

export type ScatterAddAttributes = { readonly rows: number };

function inferScatterAdd([updates, indices]: readonly TensorType[], { rows }: ScatterAddAttributes): TensorType {
  requireDType('scatterAdd, updates', updates!.dtype, 'float32');
  requireDType('scatterAdd, indices', indices!.dtype, 'int32');
  requireInteger('scatterAdd', 'rows', rows, 0);
  const rank = indices!.shape.length;
  if (!sameShape(updates!.shape.slice(0, rank), indices!.shape)) {
    throw new ShapeError(
      `scatterAdd: updates must be [...indices, ...row], not ${formatShape(updates!.shape)} for indices ${formatShape(
        indices!.shape,
      )}`,
    );
  }
  return { shape: [rows, ...updates!.shape.slice(rank)], dtype: 'float32' };
}

/** The number of updates, their length, and the number of rows in the result. */
export function scatterSizes([updates, indices]: readonly TensorType[], rows: number): GatherSizes {
  const row = updates!.shape.slice(indices!.shape.length);
  return { count: sizeOf(indices!.shape), rowLength: sizeOf(row), tableRows: rows };
}

/**
 * Sums updates into a table of `rows` rows: row i is the sum of the updates with index i, added in order. Updates with an
 * index outside the table are discarded.
 *
 * @param updates float32 [...indices, ...row]
 * @param indices int32 of any shape
 * @param rows the number of rows in the result
 * @returns float32 [rows, ...row]
 * @throws ShapeError unless the shape of `updates` starts with the shape of `indices`
 */
export const scatterAdd: OpFunction<
  [updates: Node, indices: Node, rows: number],
  StructuredOp<ScatterAddAttributes>
> = /* @__PURE__ */ structured<ScatterAddAttributes, [updates: Node, indices: Node, rows: number]>(
  {
    name: 'scatterAdd',
    infer: inferScatterAdd,
    gradient: ({ inputs: [, indices], upstream }) => [gather(upstream, indices!), null],
    kernels: {
      wasm: [
        {
          name: 'scatter',
          lower: ({ inputs, attributes }) => {
            const operands = { updates: input(0), indices: input(1), out: output(0) };
            return [call(scatterAddKernel, { ...operands, ...scatterSizes(inputs, attributes.rows) })];
          },
        },
      ],
      webgpu: [
        {
          name: 'search',
          when: ({ inputs, attributes }) => scatterSizes(inputs, attributes.rows).count <= 64,
          lower: ({ inputs, attributes }) => {
            const { count, rowLength, tableRows } = scatterSizes(inputs, attributes.rows);
            const bindings = { updates: input(0), indices: input(1), sums: output(0) };
            const uniforms = { count, row_length: rowLength, table_rows: tableRows };
            return [elementDispatch(gatherShader, 'scatter_add', tableRows * rowLength, { bindings, uniforms })];
          },
        },
        {
          name: 'linked',
          scratch: ({ inputs, attributes }) => [4 * scatterSizes(inputs, attributes.rows).count],
          lower: ({ inputs, outputs, attributes }) => {
            const { count, rowLength, tableRows } = scatterSizes(inputs, attributes.rows);
            const uniforms = { count, row_length: rowLength, table_rows: tableRows };
            const links = { indices: input(1), links: scratch(0) };
            const sums = { ...links, updates: input(0), sums: output(0) };
            return [
              fillDispatch(outputs[0]!, 0),
              elementDispatch(gatherShader, 'link_updates', count, { bindings: links, uniforms }),
              elementDispatch(gatherShader, 'add_linked', count * rowLength, { bindings: sums, uniforms }),
            ];
          },
        },
      ],
    },
    reference: ({ attributes: { rows }, inputs, inputTypes, outputs }) => {
      const { count, rowLength } = scatterSizes(inputTypes, rows);
      outputs[0]!.fill(0);
      for (let place = 0; place < count; place++) {
        const row = inputs[1]![place]!;
        if (row < 0 || row >= rows) continue;
        for (let column = 0; column < rowLength; column++) {
          outputs[0]![row * rowLength + column]! += inputs[0]![place * rowLength + column]!;
        }
      }
    },
  },
  (node, updates, indices, rows) => node([updates, indices], { rows }),
);
