/**
 * Words, a recurrent layer with dropout and a sigmoid: is a mail spam? Rows of 100 numbers of words, filled up with zeros
 * behind a shorter mail.
 */
import {
  adam,
  dense,
  embedding,
  lstm,
  padSequences,
  predictedClasses,
  save,
  sequential,
  tensor,
  tokenizer,
} from '../src/index.ts';
import type { Mails, SpamCorpus } from './data/spam.ts';
import type { Outcome, Setup } from '../tools/examples/example.ts';
import { reportLines } from '../tools/examples/report.ts';

const [words, length] = [10_000, 100];

export async function program(setup: Setup<SpamCorpus>): Promise<Outcome> {
  const { data, engine, epochs, batchSize, seed, callbacks, print } = setup;
  const vocabulary = tokenizer({ maxTokens: words }).fit(data.train.texts);
  const rows = ({ texts }: Mails) =>
    padSequences(vocabulary.encodeAll(texts), { length, padding: 'post', truncating: 'post' });
  const labels = (mails: Mails) => tensor(Float32Array.from(mails.labels), [mails.labels.length, 1]);

  const model = sequential(
    [
      embedding({ inputDim: words, outputDim: 16, maskZero: true, inputShape: [length] }),
      lstm({ units: 128, dropout: 0.2, recurrentDropout: 0.2 }),
      dense({ units: 1, activation: 'sigmoid' }),
    ],
    { engine, seed },
  );
  model.compile({ optimizer: adam(), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
  const { history } = await model.fit(rows(data.train), labels(data.train), {
    epochs,
    batchSize,
    validationData: [rows(data.validation), labels(data.validation)],
    callbacks,
  });
  const test = await model.evaluate(rows(data.test), labels(data.test));
  const predicted = predictedClasses(await model.predict(rows(data.test)));
  for (const line of reportLines(data.test.labels, predicted)) print(line);
  return { history, test, model: await save(model) };
}
