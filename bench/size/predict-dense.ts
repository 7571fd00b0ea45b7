/** A page that only predicts, with a saved model of dense layers, whose kind the program names. */
import { dense, type DenseOptions, loadModel } from '../../src/index.ts';

export async function predict(file: ArrayBuffer, rows: number[][]): Promise<ArrayLike<number>> {
  const model = loadModel(file, { layers: { dense: (config) => dense(config as unknown as DenseOptions) } });
  return (await model.predict(rows)).data;
}
