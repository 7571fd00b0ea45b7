// One step of a recurrent cell for all samples: computes the state q[step + 1] from q[step], in one buffer. A thread sums `rows`
// samples times `vectors` vec4 of columns: either all gates of four neighbouring units, so that it can also compute their new
// state, or more units of one gate. src/ops/recurrent/recurrent-wgsl.ts dispatches the steps; src/ops/recurrent/recurrent-cell.ts
// describes the layout.
//
// As in matmul-quads.wgsl, the blocks form a workgroup of one quad for SwiftShader, whose threads swap the values that they read
// and have up to 32 samples each; on other adapters a thread has one sample. Elements past the end of a sum count as zeros;
// out-of-range samples and units are computed from arbitrary values and not stored. A step of a GRU whose reset gate comes before
// the product has two entry points, because the product of the candidate uses r · h. The arithmetic after a product is done unit
// by unit: in SwiftShader a vec4 generates four times the code.

/*[enable*/ /*enable]*/

// #include "recurrent-tile"

struct Settings {
  units: u32,
  batch: u32,
  steps: u32,
  step: u32,
  kept_step: u32, // if gates are stored: the step, otherwise 0
  width: u32, // total columns of all gates
  column: u32, // the first column that is summed
  between: u32, // columns from one vector to the next
  keep: u32, // whether to store gates, carries and products for the gradient
  has_mask: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> projected: array<f32>; // [steps][batch][width]
@group(0) @binding(2) var<storage, read> kernel: array<f32>; // [units][width]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [units]: for a GRU whose reset gate comes after the product
@group(0) @binding(4) var<storage, read> dropout: array<f32>; // [batch][units]; not read unless has_dropout is true
@group(0) @binding(5) var<storage, read> mask: array<f32>; // [steps][batch]; not read if there is no mask
@group(0) @binding(6) var<storage, read_write> q: array<f32>; // [steps + 1][batch][units], followed by the carry of an LSTM
@group(0) @binding(7) var<storage, read_write> gates: array<f32>; // [steps][batch][width], after activation
// LSTM: the carries [steps + 1][batch][units]. GRU: the product of the candidate [steps][batch][units], or r · h [batch][units].
@group(0) @binding(8) var<storage, read_write> s: array<f32>;
@group(0) @binding(9) var<storage, read> hidden: array<f32>; // [batch][units]
@group(0) @binding(10) var<storage, read> carry: array<f32>; // [batch][units]

override has_dropout: bool = false;
override is_lstm: bool = false;

fn gate(x: f32) -> f32 {
  return /*[gate*/sigmoid(x)/*gate]*/;
}

// The left operand of the recurrent product: the state times its dropout mask, or r · h, which already includes the mask.
fn factor(at: u32, start: u32) -> f32 {
  let x = /*[left*/q/*left]*/[start + at];
  if (has_dropout) {
    return x * dropout[at];
  }
  return x;
}

// Four k of a row of factors, starting at `at`; zeros where `inside` is false.
fn factors(at: u32, start: u32, k: u32, inside: vec4<bool>) -> vec4<f32> {
  /*[factors*/
  let i = at + select(vec4<u32>(), vec4<u32>(k) + vec4<u32>(0u, 1u, 2u, 3u), inside);
  let x = vec4<f32>(factor(i.x, start), factor(i.y, start), factor(i.z, start), factor(i.w, start));
  return select(vec4<f32>(), x, inside);
  /*factors]*/
}

fn weights(at: u32, inside: bool) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(kernel[at], kernel[at + 1u], kernel[at + 2u], kernel[at + 3u]), inside);
}

// The part of the product that this thread computes. `start` is the offset of the factors of step 0 and sample 0.
fn multiply(sums: ptr<function, Sums>, place: Place, start: u32, local: u32) {
  let units = settings.units;
  let width = settings.width;
  let between = settings.between;
  let order = vec4<u32>(/*[order*/local * 0u/*order]*/) ^ vec4<u32>(0u, 1u, 2u, 3u);
  let down = order * width;
  var row_at = min(place.row, settings.batch - 1u) * units + order.x;
  var column_at = settings.column + place.unit;
  for (var k = 0u; k < units; k += 4u) {
    let inside = order + k < vec4<u32>(units);
    var at = row_at;
    /*[add*/
    var w: array<vec4<f32>, 4u * vectors>;
    for (var n = 0u; n < vectors; n++) {
      w[n * 4u] = weights(column_at + n * between + down.x, inside.x);
      w[n * 4u + 1u] = weights(column_at + n * between + down.y, inside.y);
      w[n * 4u + 2u] = weights(column_at + n * between + down.z, inside.z);
      w[n * 4u + 3u] = weights(column_at + n * between + down.w, inside.w);
    }
    for (var row = 0u; row < rows; row++) {
      let x = factors(at, start, k, inside);
      for (var n = 0u; n < vectors; n++) {
        (*sums)[row * vectors + n] += w[n * 4u] * x.x + w[n * 4u + 1u] * x.y + w[n * 4u + 2u] * x.z + w[n * 4u + 3u] * x.w;
      }
      at += units;
    }
    /*add]*/
    column_at += width * 4u;
  }
}

fn masked(row: u32) -> bool {
  return settings.has_mask != 0u && mask[row] == 0.0;
}

// Stores the state of the next step: the new one, or the old one, at `now`, where the mask is 0.
fn put_next(now: u32, value: f32, is_masked: bool) {
  var next = value;
  if (settings.has_mask != 0u) {
    next = select(value, q[now], is_masked);
  }
  q[now + settings.batch * settings.units] = next;
}

// Runs before the first step: one thread copies one element.
@compute @workgroup_size(threads)
fn recurrent_start(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * threads + local;
  let plane = settings.batch * settings.units;
  if (i < plane) {
    q[i] = hidden[i];
    if (is_lstm) {
      q[(settings.steps + 1u) * plane + i] = carry[i];
      if (settings.keep != 0u) {
        s[i] = carry[i];
      }
    }
  }
}

@compute @workgroup_size(threads)
fn recurrent_simple(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_simple*/local_invocation_index/*local_recurrent_simple]*/) local: u32,
) {
  let units = settings.units;
  let first = settings.step * settings.batch; // first row of the step
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply(&sums, place, first * units, local);
  for (var row = place.row; row < place.row_end; row++) {
    let sum = (row - place.row) * vectors;
    let old = (first + row) * units; // the row of the state before the step
    let of_row = (first + row) * settings.width;
    let keeps = masked(first + row);
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let lane = unit - place.unit;
      let z = sums[sum + (lane >> 2u)][lane & 3u] + projected[of_row + unit];
      put_next(old + unit, act(z), keeps);
    }
  }
}

@compute @workgroup_size(threads)
fn recurrent_lstm(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_lstm*/local_invocation_index/*local_recurrent_lstm]*/) local: u32,
) {
  let units = settings.units;
  let first = settings.step * settings.batch; // first row of the step
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply(&sums, place, first * units, local);
  for (var row = place.row; row < place.row_end; row++) {
    let sum = (row - place.row) * vectors;
    let old = (first + row) * units; // the row of the state before the step
    let of_row = (first + row) * settings.width;
    let keeps = masked(first + row);
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let lane = unit - place.unit;
      let at = of_row + unit;
      let i = gate(sums[sum][lane] + projected[at]);
      let forget = gate(sums[sum + 1u][lane] + projected[at + units]);
      let g = act(sums[sum + 2u][lane] + projected[at + units * 2u]);
      let shown = gate(sums[sum + 3u][lane] + projected[at + units * 3u]);
      let of_carry = ((settings.steps + 1u) * settings.batch + row) * units + unit;
      let before = q[of_carry];
      let cell = select(forget * before + i * g, before, keeps);
      q[of_carry] = cell;
      put_next(old + unit, shown * act(cell), keeps);
      if (settings.keep != 0u) {
        s[old + settings.batch * units + unit] = cell;
        gates[at] = i;
        gates[at + units] = forget;
        gates[at + units * 2u] = g;
        gates[at + units * 3u] = shown;
      }
    }
  }
}

// Reset gate after the product.
@compute @workgroup_size(threads)
fn recurrent_gru(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gru*/local_invocation_index/*local_recurrent_gru]*/) local: u32,
) {
  let units = settings.units;
  let first = settings.step * settings.batch; // first row of the step
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply(&sums, place, first * units, local);
  for (var row = place.row; row < place.row_end; row++) {
    let sum = (row - place.row) * vectors;
    let old = (first + row) * units; // the row of the state before the step
    let of_row = (first + row) * settings.width;
    let keeps = masked(first + row);
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let lane = unit - place.unit;
      let at = of_row + unit;
      let z = gate(sums[sum][lane] + projected[at]);
      let r = gate(sums[sum + 1u][lane] + projected[at + units]);
      let product = sums[sum + 2u][lane] + bias[unit];
      let candidate = act(projected[at + units * 2u] + r * product);
      put_next(old + unit, z * q[old + unit] + (1.0 - z) * candidate, keeps);
      if (settings.keep != 0u) {
        s[old + unit] = product;
        gates[at] = z;
        gates[at + units] = r;
        gates[at + units * 2u] = candidate;
      }
    }
  }
}

// Reset gate before the product: computes z, r and r · h.
@compute @workgroup_size(threads)
fn recurrent_gru_gates(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gru_gates*/local_invocation_index/*local_recurrent_gru_gates]*/) local: u32,
) {
  let units = settings.units;
  let first = settings.step * settings.batch; // first row of the step
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply(&sums, place, first * units, local);
  for (var row = place.row; row < place.row_end; row++) {
    let sum = (row - place.row) * vectors;
    let of_row = (first + row) * settings.width;
    let kept = (settings.kept_step * settings.batch + row) * settings.width;
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let lane = unit - place.unit;
      let z = gate(sums[sum][lane] + projected[of_row + unit]);
      let r = gate(sums[sum + 1u][lane] + projected[of_row + units + unit]);
      s[row * units + unit] = r * factor(row * units + unit, first * units);
      gates[kept + unit] = z;
      gates[kept + units + unit] = r;
    }
  }
}

// Computes the candidate. Its factors are r · h of all units, which recurrent_gru_gates has stored.
@compute @workgroup_size(threads)
fn recurrent_gru_candidate(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gru_candidate*/local_invocation_index/*local_recurrent_gru_candidate]*/) local: u32,
) {
  let units = settings.units;
  let first = settings.step * settings.batch; // first row of the step
  let place = place_of(group, groups, local);
  var sums: Sums;
  multiply(&sums, place, 0u, local);
  for (var row = place.row; row < place.row_end; row++) {
    let sum = (row - place.row) * vectors;
    let old = (first + row) * units; // the row of the state before the step
    let of_row = (first + row) * settings.width;
    let kept = (settings.kept_step * settings.batch + row) * settings.width;
    let keeps = masked(first + row);
    for (var unit = place.unit; unit < place.unit_end; unit++) {
      let lane = unit - place.unit;
      let candidate = act(sums[sum + (lane >> 2u)][lane & 3u] + projected[of_row + units * 2u + unit]);
      let z = gates[kept + unit];
      put_next(old + unit, z * q[old + unit] + (1.0 - z) * candidate, keeps);
      gates[kept + units * 2u + unit] = candidate;
    }
  }
}
