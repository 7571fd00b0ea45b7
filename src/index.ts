/**
 * The public API of gradlet. Each name is exported explicitly, so that a bundler includes only what a program uses. No file of
 * the package imports this one.
 */

// Engines and backends
export { createEngine } from './create-engine.ts';
export type { EngineOptions } from './create-engine.ts';
export { Engine, Executable } from './engine.ts';
export type { Backend, BackendInfo } from './backends/backend.ts';
export type { BackendName } from './backends/select.ts';
export { ReferenceBackend } from './backends/reference/index.ts';
export { WasmBackend } from './backends/wasm/index.ts';
export { WebGPUBackend } from './backends/webgpu/index.ts';

export { loadTuning, tune } from './tune/tune.ts';
export type { TuneOptions, Tuning } from './tune/tune.ts';
export type { Trial } from './tune/fastest.ts';
export { fileStore } from './tune/file-store.ts';
export { indexedDBStore } from './tune/indexed-db-store.ts';
export { memoryStore } from './tune/store.ts';
export type { TuningRecord, TuningStore } from './tune/store.ts';

// Tensors and graphs
export { HostTensor, parameter, tensor } from './data/tensor.ts';
export type {
  NestedArray,
  NestedValues,
  NumericArray,
  ParameterInitializer,
  ParameterOptions,
  Tensor,
  TensorOptions,
} from './data/tensor.ts';
export { input } from './model/input.ts';
export { gradients } from './autodiff/gradients.ts';
export { withScope } from './graph/node.ts';
export type { Graph, Node, Variable } from './graph/node.ts';
export type { DType, TypedArray } from './core/dtype.ts';
export type { Shape } from './core/shape.ts';
export { constant, variable } from './ops/define.ts';
export type { TensorLike } from './ops/arguments.ts';
export type { VariableOptions } from './ops/define.ts';
export { printGraph } from './graph/print.ts';
export { printProgram } from './compiler/print.ts';
export type { Program } from './compiler/program.ts';

// Operations
export {
  abs,
  add,
  div,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  reciprocal,
  square,
  sub,
} from './ops/elementwise/arithmetic.ts';
export { cos, erf, exp, expm1, log, log1p, pow, rsqrt, sin, sqrt } from './ops/elementwise/math.ts';
export { ceil, floor, round, sign, step } from './ops/elementwise/rounding.ts';
export {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
} from './ops/elementwise/compare.ts';
export { select, select as where } from './ops/elementwise/select.ts';
export { cast, clip, clip as clipByValue } from './ops/elementwise/clip.ts';
export { elu, gelu, leakyRelu, relu, relu6, sigmoid, silu, softplus, tanh } from './ops/elementwise/activation.ts';
export { logSoftmax, softmax } from './ops/norm/softmax.ts';
export { batchNorm, normalizeWith } from './ops/norm/batch-norm.ts';
export type { BatchNorm, BatchNormOptions, NormalizeOptions } from './ops/norm/batch-norm.ts';
export { layerNorm } from './ops/norm/layer-norm.ts';
export type { LayerNormOptions } from './ops/norm/layer-norm.ts';
export { softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from './ops/loss/cross-entropy.ts';
export { matmul, matmul as matMul } from './ops/product/matmul.ts';
export { max, mean, min, sum, sumOfSquares } from './ops/reduce/reduce.ts';
export { argMax } from './ops/reduce/arg-max.ts';
export { broadcastTo } from './ops/shape/broadcast.ts';
export { expandDims, reshape, squeeze } from './ops/shape/reshape.ts';
export { concatenate, concatenate as concat, stack } from './ops/shape/concatenate.ts';
export { pad, slice } from './ops/shape/slice.ts';
export { transpose } from './ops/shape/transpose.ts';
export { gather } from './ops/indexing/gather.ts';
export { recurrence } from './ops/recurrent/recurrence.ts';
export type { Recurrence, RecurrenceOptions } from './ops/recurrent/recurrence.ts';
export { reverse } from './ops/shape/reverse.ts';
export { oneHot } from './ops/indexing/one-hot.ts';
export { stopGradient } from './ops/elementwise/stop-gradient.ts';
export { increment } from './ops/state/counter.ts';

// Layers. A layer that would have the same name as an operation has the suffix Layer.
export { Layer } from './nn/layer.ts';
export type { CallContext, LayerConfig, LayerDeclaration, LayerOptions, Mask, SymbolicTensor } from './nn/layer.ts';
export type { WeightDeclaration, WeightTable } from './nn/declared-weights.ts';
export { activation } from './nn/layers/activation.ts';
export { add as addLayer } from './nn/layers/add.ts';
export { average as averageLayer } from './nn/layers/average.ts';
export { batchNormalization } from './nn/layers/batch-normalization.ts';
export type { BatchNormalizationOptions } from './nn/layers/batch-normalization.ts';
export { bidirectional } from './nn/layers/bidirectional.ts';
export type { BidirectionalOptions, MergeMode } from './nn/layers/bidirectional.ts';
export { concatenate as concatenateLayer } from './nn/layers/concatenate.ts';
export { dense } from './nn/layers/dense.ts';
export type { DenseOptions } from './nn/layers/dense.ts';
export { dropout } from './nn/layers/dropout.ts';
export type { DropoutOptions } from './nn/layers/dropout.ts';
export { embedding } from './nn/layers/embedding.ts';
export type { EmbeddingOptions } from './nn/layers/embedding.ts';
export { flatten } from './nn/layers/flatten.ts';
export { gru } from './nn/layers/gru.ts';
export type { GRUOptions } from './nn/layers/gru.ts';
export { inputLayer } from './nn/layers/input.ts';
export { layerNormalization } from './nn/layers/layer-normalization.ts';
export type { LayerNormalizationOptions } from './nn/layers/layer-normalization.ts';
export { lstm } from './nn/layers/lstm.ts';
export type { LSTMOptions } from './nn/layers/lstm.ts';
export { multiply as multiplyLayer } from './nn/layers/multiply.ts';
export { reshape as reshapeLayer } from './nn/layers/reshape.ts';
export type { LayerOfSeveral } from './nn/layers/several-outputs.ts';
export { simpleRNN } from './nn/layers/simple-rnn.ts';
export type { SimpleRNNOptions } from './nn/layers/simple-rnn.ts';
export { timeDistributed } from './nn/layers/time-distributed.ts';
export { layerRegistry } from './nn/layer-registry.ts';
export type { LayerFromConfig, LayerRegistry } from './nn/layer-registry.ts';
export {
  constantInitializer,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  truncatedNormal,
  zeros,
} from './nn/initializers/initializers.ts';
export type { Initializer, InitializerLike } from './nn/initializers/initializers.ts';
export { recurrentWeightsFromPyTorch, recurrentWeightsToPyTorch } from './nn/recurrent-weights.ts';
export type { NamedTensors, PyTorchNames, RecurrentKind } from './nn/recurrent-weights.ts';
export { l1, l1l2, l2 } from './nn/regularizers.ts';
export type { Regularizer, RegularizerLike } from './nn/regularizers.ts';

// Losses and metrics
export {
  hinge,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
  squaredHinge,
} from './nn/losses/losses.ts';
export type { LossName } from './nn/losses/losses.ts';
export type { LossFunction } from './nn/losses/loss.ts';
export {
  binaryCrossentropy,
  binaryCrossentropyFromLogits,
  categoricalCrossentropy,
  categoricalCrossentropyFromLogits,
  sparseCategoricalCrossentropy,
  sparseCategoricalCrossentropyFromLogits,
} from './nn/losses/crossentropies.ts';
export {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  lossMetric,
  meanAbsoluteErrorMetric,
  meanSquaredErrorMetric,
  rootMeanSquaredError,
  sparseCategoricalAccuracy,
  topKCategoricalAccuracy,
} from './nn/metrics/metrics.ts';
export type { MetricName } from './nn/metrics/metrics.ts';
export type { Metric } from './nn/metrics/metric.ts';
export { f1Score, precision, recall } from './nn/metrics/classification-metrics.ts';
export type { PositiveOptions } from './nn/metrics/classification-metrics.ts';
export { auc } from './nn/metrics/auc.ts';
export type { AUCOptions } from './nn/metrics/auc.ts';
export type { ClassOptions } from './nn/metrics/class-counts.ts';
export { classificationReport } from './nn/metrics/classification-report.ts';
export type { ClassificationReport, ClassScores } from './nn/metrics/classification-report.ts';
export { confusionMatrixMetric } from './nn/metrics/confusion-matrix-metric.ts';
export type { ConfusionMatrixMetric, ConfusionMatrixMetricOptions } from './nn/metrics/confusion-matrix-metric.ts';
export { confusionMatrix } from './nn/metrics/confusion-matrix.ts';
export type { ConfusionMatrixOptions } from './nn/metrics/confusion-matrix.ts';
export { predictedClasses } from './nn/metrics/predicted-classes.ts';
export type { ClassNumbers } from './nn/metrics/predicted-classes.ts';
export { rocAuc } from './nn/metrics/roc-auc.ts';

// Optimizers and schedules
export { adagrad } from './optim/adagrad.ts';
export { adam } from './optim/adam.ts';
export type { AdamOptions } from './optim/adam.ts';
export { adamax } from './optim/adamax.ts';
export { adamw } from './optim/adamw.ts';
export { rmsprop } from './optim/rmsprop.ts';
export { sgd } from './optim/sgd.ts';
export type { Optimizer, Update } from './optim/optimizer.ts';
export {
  cosineDecay,
  exponentialDecay,
  inverseTimeDecay,
  linearWarmup,
  piecewiseConstant,
  polynomialDecay,
} from './optim/schedules.ts';
export type { Schedule } from './optim/schedules.ts';

// Models and training
export { model, sequential } from './model/make-model.ts';
export type { FunctionalOptions } from './model/make-model.ts';
export { Model } from './model/model.ts';
export type { BatchOptions, ModelOptions } from './model/model-arguments.ts';
export type { CompileOptions } from './model/compile-options.ts';
export type { FitOptions } from './train/fit-options.ts';
export type { DataLike, FeatureData, ShapedData } from './data/features.ts';
export type { Callback, History, Progress, TrainedModel } from './train/callbacks.ts';
export type { Logs, Results } from './train/sums.ts';
export { earlyStopping } from './train/early-stopping.ts';
export type { EarlyStoppingOptions } from './train/early-stopping.ts';
export { learningRateScheduler, reduceLROnPlateau } from './train/learning-rate-callbacks.ts';
export type { ReduceLROnPlateauOptions } from './train/learning-rate-callbacks.ts';
export { loadModel, loadModel as load, loadWeights } from './files/load.ts';
export type { LoadOptions } from './files/load.ts';
export { save, saveWeights } from './files/save.ts';
export type { SaveOptions } from './files/save.ts';
export { decodeSafetensors, encodeSafetensors } from './files/safetensors.ts';
export type { TensorFile } from './files/safetensors.ts';

// Data and text preprocessing
export { batches, Batches } from './data/batches.ts';
export type { BatchesOptions, BatchOf } from './data/batches.ts';
export { trainTestSplit } from './data/train-test-split.ts';
export type { PartOf, PartsOf, Splittable, TrainTestSplit, TrainTestSplitOptions } from './data/train-test-split.ts';
export { padSequences } from './text/pad-sequences.ts';
export type { PadSequencesOptions } from './text/pad-sequences.ts';
export { tokenizer, Tokenizer } from './text/tokenizer.ts';
export type { TokenizerJSON, TokenizerOptions } from './text/tokenizer.ts';
export { tokenizerFromJSON } from './text/tokenizer-json.ts';

// Errors
export {
  BackendError,
  DTypeError,
  FormatError,
  GradientError,
  GradletError,
  InternalError,
  NonFiniteError,
  ShapeError,
  StateError,
  ValueError,
} from './core/errors.ts';
