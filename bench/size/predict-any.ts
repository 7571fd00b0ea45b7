/** A page that only predicts, with a saved model of any layers. */
import { layerRegistry, loadModel } from '../../src/index.ts';

export async function predict(file: ArrayBuffer, rows: number[][]): Promise<ArrayLike<number>> {
  const model = loadModel(file, { layers: layerRegistry });
  return (await model.predict(rows)).data;
}
