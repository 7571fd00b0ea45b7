/**
 * A classifier of mails with a training loop of its own: the network is made of operations (support/spam-classifier.ts),
 * each batch is one run of a compiled step, and the parameters are saved. `p3-saved-parameters` loads them.
 */
import {
  adam,
  argMax,
  batches,
  cast,
  encodeSafetensors,
  equal,
  gradients,
  increment,
  input,
  mean,
  padSequences,
  sparseSoftmaxCrossEntropy,
  tensor,
  tokenizer,
  type Update,
  variable,
} from '../src/index.ts';
import type { Mails, SpamCorpus } from './data/spam.ts';
import type { Outcome, Setup } from '../tools/examples/example.ts';
import { reportLines } from '../tools/examples/report.ts';
import { classesOf, classify, createParameters, network, score, sizes } from '../tools/examples/spam-classifier.ts';

export async function program({ data, engine, epochs, batchSize, seed, print }: Setup<SpamCorpus>): Promise<Outcome> {
  // words by their numbers: the vocabulary is that of the mails to train on
  const vocabulary = tokenizer({ maxTokens: sizes.words }).fit(data.train.texts);
  const rowsOf = ({ texts }: Mails) =>
    padSequences(vocabulary.encodeAll(texts), { length: sizes.length, padding: 'post', truncating: 'post' });

  // a step: forward, loss, gradients, update; no gradients to zero, for each step computes its own
  const parameters = createParameters(seed);
  const ids = input([batchSize, sizes.length], { dtype: 'int32' });
  const labels = input([batchSize], { dtype: 'int32' });
  const logits = network(ids, parameters);
  const loss = mean(sparseSoftmaxCrossEntropy(labels, logits));
  const accuracy = mean(equal(cast(argMax(logits), 'float32'), cast(labels, 'float32')));
  const list = Object.values(parameters);
  const iterations = variable([], { dtype: 'int32' });
  const updates: Update[] = [
    ...adam().updates(list, gradients(loss, list), iterations),
    [iterations, increment(iterations)],
  ];
  const step = await engine.compile({ outputs: { loss, accuracy }, updates });

  // the loop
  const [train, validation, test] = [rowsOf(data.train), rowsOf(data.validation), rowsOf(data.test)];
  const loader = batches([train, tensor(Int32Array.from(data.train.labels))], {
    batchSize,
    shuffle: true,
    seed,
    dropLast: true,
  });
  const history = {
    loss: [] as number[],
    accuracy: [] as number[],
    val_loss: [] as number[],
    val_accuracy: [] as number[],
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    const sums = { loss: 0, accuracy: 0 };
    for (const [batch, truth] of loader) {
      engine.write(ids, batch.data);
      engine.write(labels, truth.data);
      step.run();
      const [lossNow, accuracyNow] = await Promise.all([step.read('loss'), step.read('accuracy')]);
      sums.loss += lossNow[0]! / loader.length;
      sums.accuracy += accuracyNow[0]! / loader.length;
    }
    const watched = score(await classify(engine, parameters, validation.data as Int32Array), data.validation.labels);
    history.loss.push(sums.loss);
    history.accuracy.push(sums.accuracy);
    history.val_loss.push(watched.loss);
    history.val_accuracy.push(watched.accuracy);
    print(
      `epoch ${epoch + 1}/${epochs} - loss: ${sums.loss.toFixed(4)} - accuracy: ${sums.accuracy.toFixed(4)} - ` +
        `val_loss: ${watched.loss.toFixed(4)} - val_accuracy: ${watched.accuracy.toFixed(4)}`,
    );
  }

  // the result, and everything that another process needs to come to the same
  const predictions = await classify(engine, parameters, test.data as Int32Array);
  for (const line of reportLines(data.test.labels, classesOf(predictions))) print(line);
  const saved = await Promise.all(
    Object.entries(parameters).map(
      async ([name, weight]) => [`parameters/${name}`, tensor(await engine.read(weight), weight.shape)] as const,
    ),
  );
  const file = encodeSafetensors(
    new Map([
      ...saved,
      ['test/ids', test],
      ['test/labels', tensor(Int32Array.from(data.test.labels))],
      ['test/logits', tensor(predictions, [test.shape[0]!, sizes.classes])],
    ]),
    new Map([
      ['backend', engine.info.name],
      ['tokenizer', JSON.stringify(vocabulary.toJSON())],
    ]),
  );
  return { history, test: score(predictions, data.test.labels), model: file };
}
