// One backward step of a recurrent cell for all samples. It first computes the gradient with respect to the state after the step,
// from the product of the gradient of the next step with the transposed recurrent kernel. It then computes the gradient of the
// sums of the step itself, and stores it in the preceding row of the same buffer. Each step is therefore one dispatch, plus one
// for a GRU whose reset gate comes before the product. A thread processes `rows` samples times `vectors` vec4 of units.
// src/ops/recurrent/recurrent-wgsl.ts dispatches it. The layout is the same as in recurrent.wgsl, which describes the blocks.
//
// `carried` is passed from step to step. It holds the gradient with respect to the state except for the product, [batch][units],
// then for an LSTM the gradient with respect to the carry, [batch][units]. The masks follow in the same buffer, so that no kernel
// binds more than eight buffers.

/*[enable*/ /*enable]*/

// #include "recurrent-tile"

struct Settings {
  units: u32,
  batch: u32,
  steps: u32,
  step: u32,
  width: u32, // total columns of all gates
  from: u32, // offset of the factors of sample 0: the row of the step, and the first column
  column: u32, // the first column that is summed
  columns: u32, // number of columns that are summed; 0 at the last step, which has no next step
  dropout_at: u32,
  mask_at: u32,
  has_mask: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> upstream: array<f32>; // [steps + 1][batch][units], followed by the carry of an LSTM
@group(0) @binding(2) var<storage, read> states: array<f32>; // the same layout
@group(0) @binding(3) var<storage, read> kernel: array<f32>; // [units][width]
@group(0) @binding(4) var<storage, read> second: array<f32>; // carries [steps + 1][batch][units], or products [steps][batch][units]
@group(0) @binding(5) var<storage, read> gates: array<f32>; // [steps][batch][width]
@group(0) @binding(6) var<storage, read_write> m: array<f32>; // [steps][batch][width]: gradient of the projected inputs
@group(0) @binding(7) var<storage, read_write> q: array<f32>; // … of the recurrent product: GRU with reset gate after it
@group(0) @binding(8) var<storage, read_write> carried: array<f32>;
@group(0) @binding(9) var<storage, read> dropout: array<f32>; // [batch][units]
@group(0) @binding(10) var<storage, read> mask: array<f32>; // [steps][batch]
@group(0) @binding(11) var<storage, read_write> hidden: array<f32>; // [batch][units]
@group(0) @binding(12) var<storage, read_write> carry: array<f32>; // [batch][units]

override has_dropout: bool = false;
override is_lstm: bool = false;
override reset_after: bool = false;

// Derivatives of the activations, computed from their outputs y.
fn relu_slope(y: f32) -> f32 {
  return select(0.0, 1.0, y > 0.0);
}

fn sigmoid_slope(y: f32) -> f32 {
  return y * (1.0 - y);
}

fn tanh_slope(y: f32) -> f32 {
  return 1.0 - y * y;
}

fn hard_slope(y: f32) -> f32 {
  return select(0.0, 0.16666667, y > 0.0 && y < 1.0);
}

fn act_slope(y: f32) -> f32 {
  return /*[act_slope*/tanh_slope(y)/*act_slope]*/;
}

fn gate_slope(y: f32) -> f32 {
  return /*[gate_slope*/sigmoid_slope(y) + 0.0 * (relu_slope(y) + hard_slope(y))/*gate_slope]*/;
}

fn back_factor(at: u32) -> f32 {
  return /*[left*/m/*left]*/[at];
}

// Four columns of a row of gradients that starts at `at`; zeros where `inside` is false.
fn back_factors(at: u32, k: u32, inside: vec4<bool>) -> vec4<f32> {
  /*[factors*/
  let i = at + select(vec4<u32>(), vec4<u32>(k) + vec4<u32>(0u, 1u, 2u, 3u), inside);
  let x = vec4<f32>(back_factor(i.x), back_factor(i.y), back_factor(i.z), back_factor(i.w));
  return select(vec4<f32>(), x, inside);
  /*factors]*/
}

fn back_weights(at: u32, down: vec4<u32>, inside: bool) -> vec4<f32> {
  let x = vec4<f32>(kernel[at], kernel[at + down.y], kernel[at + down.z], kernel[at + down.w]);
  return select(vec4<f32>(), x, inside);
}

// The part of the product that this thread computes.
fn multiply_back(sums: ptr<function, Sums>, place: Place, local: u32) {
  let columns = settings.columns;
  let width = settings.width;
  let order = vec4<u32>(/*[order*/local * 0u/*order]*/) ^ vec4<u32>(0u, 1u, 2u, 3u);
  let down = vec4<u32>(0u, 1u, 2u, 3u) * width;
  let row_at = settings.from + min(place.row, settings.batch - 1u) * width + order.x;
  let unit_at = place.unit * width + settings.column;
  for (var k = 0u; k < columns; k += 4u) {
    let inside = order + k < vec4<u32>(columns);
    let right = unit_at + k + order;
    var at = row_at;
    /*[add*/
    var w: array<vec4<f32>, 4u * vectors>;
    for (var n = 0u; n < vectors; n++) {
      let unit = n * width * 4u;
      w[n * 4u] = back_weights(unit + right.x, down, inside.x);
      w[n * 4u + 1u] = back_weights(unit + right.y, down, inside.y);
      w[n * 4u + 2u] = back_weights(unit + right.z, down, inside.z);
      w[n * 4u + 3u] = back_weights(unit + right.w, down, inside.w);
    }
    for (var row = 0u; row < rows; row++) {
      let x = back_factors(at, k, inside);
      for (var n = 0u; n < vectors; n++) {
        (*sums)[row * vectors + n] += w[n * 4u] * x.x + w[n * 4u + 1u] * x.y + w[n * 4u + 2u] * x.z + w[n * 4u + 3u] * x.w;
      }
      at += width;
    }
    /*add]*/
  }
}

fn works(row: u32) -> bool {
  return settings.has_mask == 0u || carried[settings.mask_at + settings.step * settings.batch + row] != 0.0;
}

fn weighed(at: u32, sum: f32) -> f32 {
  if (has_dropout) {
    return carried[settings.dropout_at + at] * sum;
  }
  return sum;
}

// Runs before the last step: one thread copies one element.
@compute @workgroup_size(threads)
fn recurrent_gradient_start(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * threads + local;
  let plane = settings.batch * settings.units;
  if (i < plane) {
    carried[i] = upstream[settings.steps * plane + i];
    if (is_lstm) {
      carried[plane + i] = upstream[(settings.steps + 1u) * plane + i];
    }
    if (has_dropout) {
      carried[settings.dropout_at + i] = dropout[i];
    }
  }
  if (settings.has_mask != 0u && i < settings.steps * settings.batch) {
    carried[settings.mask_at + i] = mask[i];
  }
}

// Runs after the first step: the gradients with respect to the initial states.
@compute @workgroup_size(threads)
fn recurrent_gradient_end(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gradient_end*/local_invocation_index/*local_recurrent_gradient_end]*/) local: u32,
) {
  let units = settings.units;
  let plane = settings.batch * units;
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply_back(&sums, place, local);
  for (var row = place.row; row < place.row_end; row++) {
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let at = row * units + unit;
      let lane = unit - place.unit;
      let sum = sums[(row - place.row) * vectors + (lane >> 2u)][lane & 3u];
      hidden[at] = carried[at] + weighed(at, sum);
      if (is_lstm) {
        carry[at] = carried[plane + at];
      }
    }
  }
}

@compute @workgroup_size(threads)
fn recurrent_gradient_simple(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gradient_simple*/local_invocation_index/*local_recurrent_gradient_simple]*/) local: u32,
) {
  let units = settings.units;
  let plane = settings.batch * units;
  let now = settings.step * plane; // the states before the step
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply_back(&sums, place, local);
  for (var row = place.row; row < place.row_end; row++) {
    let of_row = (settings.step * settings.batch + row) * settings.width;
    let working = works(row);
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let at = row * units + unit;
      let lane = unit - place.unit;
      let sum = sums[(row - place.row) * vectors + (lane >> 2u)][lane & 3u];
      let dh = carried[at] + weighed(at, sum);
      m[of_row + unit] = select(0.0, dh * act_slope(states[now + plane + at]), working);
      carried[at] = upstream[now + at] + select(dh, 0.0, working);
    }
  }
}

@compute @workgroup_size(threads)
fn recurrent_gradient_lstm(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gradient_lstm*/local_invocation_index/*local_recurrent_gradient_lstm]*/) local: u32,
) {
  let units = settings.units;
  let plane = settings.batch * units;
  let now = settings.step * plane; // the states before the step
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply_back(&sums, place, local);
  for (var row = place.row; row < place.row_end; row++) {
    let of_row = (settings.step * settings.batch + row) * settings.width;
    let working = works(row);
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let at = row * units + unit;
      let lane = unit - place.unit;
      let sum = sums[(row - place.row) * vectors + (lane >> 2u)][lane & 3u];
      let i = gates[of_row + unit];
      let forget = gates[of_row + units + unit];
      let g = gates[of_row + units * 2u + unit];
      let show = gates[of_row + units * 3u + unit];
      let shown = act(second[now + plane + at]);
      let dh = carried[at] + weighed(at, sum);
      let dc = carried[plane + at];
      let through = dc + dh * show * act_slope(shown);
      m[of_row + unit] = select(0.0, through * g * gate_slope(i), working);
      m[of_row + units + unit] = select(0.0, through * second[now + at] * gate_slope(forget), working);
      m[of_row + units * 2u + unit] = select(0.0, through * i * act_slope(g), working);
      m[of_row + units * 3u + unit] = select(0.0, dh * shown * gate_slope(show), working);
      carried[plane + at] = select(dc, through * forget, working);
      carried[at] = upstream[now + at] + select(dh, 0.0, working);
    }
  }
}

// Both kinds of GRU. If the reset gate comes before the product, the next dispatch computes its gradient.
@compute @workgroup_size(threads)
fn recurrent_gradient_gru(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gradient_gru*/local_invocation_index/*local_recurrent_gradient_gru]*/) local: u32,
) {
  let units = settings.units;
  let plane = settings.batch * units;
  let now = settings.step * plane; // the states before the step
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply_back(&sums, place, local);
  for (var row = place.row; row < place.row_end; row++) {
    let of_row = (settings.step * settings.batch + row) * settings.width;
    let working = works(row);
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let at = row * units + unit;
      let lane = unit - place.unit;
      let sum = sums[(row - place.row) * vectors + (lane >> 2u)][lane & 3u];
      let z = gates[of_row + unit];
      let candidate = gates[of_row + units * 2u + unit];
      let dh = carried[at] + weighed(at, sum);
      let of_z = select(0.0, dh * (states[now + at] - candidate) * gate_slope(z), working);
      let of_candidate = select(0.0, dh * (1.0 - z) * act_slope(candidate), working);
      m[of_row + unit] = of_z;
      m[of_row + units * 2u + unit] = of_candidate;
      if (reset_after) {
        let r = gates[of_row + units + unit];
        let of_r = select(0.0, of_candidate * second[now + at] * gate_slope(r), working);
        m[of_row + units + unit] = of_r;
        q[of_row + unit] = of_z;
        q[of_row + units + unit] = of_r;
        q[of_row + units * 2u + unit] = of_candidate * r;
      }
      carried[at] = upstream[now + at] + select(dh, dh * z, working);
    }
  }
}

// Reset gate before the product: the gradient of the candidate is propagated through the kernel to r · h.
@compute @workgroup_size(threads)
fn recurrent_gradient_gru_reset(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gradient_gru_reset*/local_invocation_index/*local_recurrent_gradient_gru_reset]*/) local: u32,
) {
  let units = settings.units;
  let plane = settings.batch * units;
  let now = settings.step * plane; // the states before the step
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply_back(&sums, place, local);
  for (var row = place.row; row < place.row_end; row++) {
    let of_row = (settings.step * settings.batch + row) * settings.width;
    let working = works(row);
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let at = row * units + unit;
      let lane = unit - place.unit;
      let sum = sums[(row - place.row) * vectors + (lane >> 2u)][lane & 3u];
      let r = gates[of_row + units + unit];
      let through = weighed(at, sum);
      m[of_row + units + unit] = select(0.0, through * states[now + at] * gate_slope(r), working);
      carried[at] += select(0.0, through * r, working);
    }
  }
}
