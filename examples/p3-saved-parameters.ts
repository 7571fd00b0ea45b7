/**
 * Loads the parameters that `p3-text-classifier` saved, in another process, and classifies the same mails again: on the
 * same backend the logits are the same to the bit.
 */
import { decodeSafetensors, tokenizerFromJSON, type TokenizerJSON, padSequences } from '../src/index.ts';
import { readBytes } from './data/read-bytes.ts';
import type { Outcome, Setup } from '../tools/examples/example.ts';
import { reportLines } from '../tools/examples/report.ts';
import { classesOf, classify, createParameters, score, sizes } from '../tools/examples/spam-classifier.ts';

/** The file's bytes. Throws a message that says how to make the file. */
export async function loadSavedParameters(path: string): Promise<Uint8Array> {
  try {
    return await readBytes(path);
  } catch (cause) {
    throw new Error(`cannot read ${path}: run npm run example -- p3-text-classifier first`, { cause });
  }
}

export async function program({ data, engine, print }: Setup<Uint8Array>): Promise<Outcome> {
  const { tensors, metadata } = decodeSafetensors(data);
  const parameters = createParameters(0);
  const variables = Object.entries(parameters);
  engine.allocate(variables.map(([, weight]) => weight));
  for (const [name, weight] of variables) engine.write(weight, tensors.get(`parameters/${name}`)!.data);

  const labels = Array.from(tensors.get('test/labels')!.data);
  const logits = await classify(engine, parameters, tensors.get('test/ids')!.data as Int32Array);
  for (const line of reportLines(labels, classesOf(logits))) print(line);
  const before = tensors.get('test/logits')!.data;
  const different = logits.filter((value, index) => value !== before[index]).length;
  const sameBackend = metadata.get('backend') === engine.info.name;
  print(
    different === 0
      ? `all ${logits.length} logits are those of the process that trained, to the bit`
      : `${different} of ${logits.length} logits differ from those of the process that trained`,
  );
  if (sameBackend && different > 0) throw new Error('the same parameters gave other predictions on the same backend');

  const vocabulary = tokenizerFromJSON(JSON.parse(metadata.get('tokenizer')!) as TokenizerJSON);
  const mails = ['Claim your free prize now! Click here.', 'Re: the patch for the build, see attached diff'];
  const rows = padSequences(vocabulary.encodeAll(mails), { length: sizes.length, padding: 'post' });
  const guesses = classesOf(await classify(engine, parameters, rows.data as Int32Array));
  mails.forEach((mail, index) => print(`${guesses[index] === 1 ? 'spam' : 'wanted'}: ${mail}`));
  return { history: {}, test: score(logits, labels) };
}
