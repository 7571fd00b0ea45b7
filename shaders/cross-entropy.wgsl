// Softmax and cross-entropy of each row of logits[rows][columns] in one kernel: log(sum(exp(logits))) weighed against
// the labels, which are rows of probabilities or one class number a row. `lanes` threads share a row, as in
// softmax.wgsl. A class of probability 0 adds nothing, whatever its logit; a class number outside gives NaN.

struct Settings {
  rows: u32,
  columns: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> logits: array<f32>; // [rows][columns]
@group(0) @binding(2) var<storage, read> labels: array<f32>; // [rows][columns]
@group(0) @binding(3) var<storage, read> classes: array<i32>; // [rows]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [rows]

const threads = 64u;
const lanes = /*[lanes*/64u/*lanes]*/; // threads of a row: a power of two, at most `threads`
var<workgroup> partial: array<f32, threads>;

// A value known by its bits; a call, so that it is no constant expression, where infinity and NaN are errors.
fn from_bits(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) < 0x7f800000u;
}

fn maximum(left: f32, right: f32) -> f32 {
  return select(select(max(left, right), right, is_nan(right)), left, is_nan(left));
}

// The greatest of a thread's logits.
fn lane_greatest(start: u32, lane: u32, end: u32) -> f32 {
  var greatest = from_bits(0xff800000u);
  for (var i = lane; i < end; i += lanes) {
    greatest = maximum(greatest, logits[start + i]);
  }
  return greatest;
}

// A thread's part of the sum of exp(logits - greatest).
fn lane_sum(start: u32, lane: u32, end: u32, greatest: f32) -> f32 {
  var sum = 0.0;
  for (var i = lane; i < end; i += lanes) {
    sum += exp(logits[start + i] - greatest);
  }
  return sum;
}

// log(sum(exp(logits))) - greatest, from the row's sum; NaN where the greatest logit is infinite or NaN.
fn excess(greatest: f32, sum: f32) -> f32 {
  return select(from_bits(0x7fc00000u), log(sum), is_finite(greatest));
}

@compute @workgroup_size(threads)
fn softmax_cross_entropy(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % lanes;
  let row = ((group.y * groups.x + group.x) * threads + local) / lanes;
  let start = row * settings.columns;
  let end = select(0u, settings.columns, row < settings.rows); // threads beyond the last row only meet the barriers

  var greatest = lane_greatest(start, lane, end);
  if (lanes > 1u) {
    partial[local] = greatest;
    workgroupBarrier();
    for (var width = lanes / 2u; width > 0u; width >>= 1u) {
      if (lane < width) {
        partial[local] = maximum(partial[local], partial[local + width]);
      }
      workgroupBarrier();
    }
    greatest = partial[local - lane];
    workgroupBarrier();
  }

  var sum = lane_sum(start, lane, end, greatest);
  if (lanes > 1u) {
    partial[local] = sum;
    workgroupBarrier();
    for (var width = lanes / 2u; width > 0u; width >>= 1u) {
      if (lane < width) {
        partial[local] += partial[local + width];
      }
      workgroupBarrier();
    }
    sum = partial[local - lane];
    workgroupBarrier();
  }

  let log_sum = excess(greatest, sum);
  var loss = 0.0;
  for (var i = lane; i < end; i += lanes) {
    let label = labels[start + i];
    if ((bitcast<u32>(label) & 0x7fffffffu) != 0u) {
      loss += label * (greatest - logits[start + i] + log_sum);
    }
  }
  if (lanes > 1u) {
    partial[local] = loss;
    workgroupBarrier();
    for (var width = lanes / 2u; width > 0u; width >>= 1u) {
      if (lane < width) {
        partial[local] += partial[local + width];
      }
      workgroupBarrier();
    }
    loss = partial[local - lane];
  }
  if (lane == 0u && row < settings.rows) {
    y[row] = loss;
  }
}

@compute @workgroup_size(threads)
fn sparse_softmax_cross_entropy(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % lanes;
  let row = ((group.y * groups.x + group.x) * threads + local) / lanes;
  let start = row * settings.columns;
  let end = select(0u, settings.columns, row < settings.rows);

  var greatest = lane_greatest(start, lane, end);
  if (lanes > 1u) {
    partial[local] = greatest;
    workgroupBarrier();
    for (var width = lanes / 2u; width > 0u; width >>= 1u) {
      if (lane < width) {
        partial[local] = maximum(partial[local], partial[local + width]);
      }
      workgroupBarrier();
    }
    greatest = partial[local - lane];
    workgroupBarrier();
  }

  var sum = lane_sum(start, lane, end, greatest);
  if (lanes > 1u) {
    partial[local] = sum;
    workgroupBarrier();
    for (var width = lanes / 2u; width > 0u; width >>= 1u) {
      if (lane < width) {
        partial[local] += partial[local + width];
      }
      workgroupBarrier();
    }
    sum = partial[local - lane];
  }

  if (lane == 0u && row < settings.rows) {
    let class_number = classes[row];
    if (class_number >= 0 && u32(class_number) < settings.columns) {
      y[row] = greatest - logits[start + u32(class_number)] + excess(greatest, sum);
    } else {
      y[row] = from_bits(0x7fc00000u);
    }
  }
}
