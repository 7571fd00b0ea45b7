// One step of a recurrent cell for all samples: h[step + 1] from h[step], in one buffer. A thread sums `rows` samples times
// `vectors` vec4 of columns: all gates of four neighbouring units, so that it can go on to the new state, or more units of
// one gate. src/ops/recurrent-wgsl.ts dispatches the steps; the layout is that of src/ops/recurrent-cell.ts.
//
// As in matmul.wgsl the blocks make a workgroup of one quad for SwiftShader, whose threads swap what they read. A GPU shares it
// through workgroup memory instead (`tiled`). Places past the end of a row of the product count as zeros; samples and units
// past the end are computed of whatever is read there and not stored. Two entries make a step of a GRU whose reset gate comes
// before the product: the candidate's is of r · h.

/*[enable*/ /*enable]*/

const threads = /*[threads*/64u/*threads]*/;
const across = /*[across*/3u/*across]*/; // threads side by side, as a power of two; the others are below each other
const rows = /*[rows*/1u/*rows]*/; // samples of a thread
const vectors = /*[vectors*/4u/*vectors]*/;
const block = /*[block*/4u/*block]*/; // units of a thread

struct Settings {
  units: u32,
  batch: u32,
  steps: u32,
  step: u32,
  kept_step: u32, // where gates are kept: the step, or 0
  width: u32, // columns of all gates
  column: u32, // the first that is summed
  between: u32, // columns from one vector to the next
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> projected: array<f32>; // [steps][batch][width]
@group(0) @binding(2) var<storage, read> kernel: array<f32>; // [units][width]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [units]: GRU whose reset gate comes after the product
@group(0) @binding(4) var<storage, read> dropout: array<f32>; // [batch][units]; not read unless has_dropout
@group(0) @binding(5) var<storage, read> mask: array<f32>; // [steps][batch]; not read unless has_mask
@group(0) @binding(6) var<storage, read_write> h: array<f32>; // [steps + 1][batch][units], and an LSTM's carry behind
@group(0) @binding(7) var<storage, read_write> gates: array<f32>; // [steps][batch][width], after activation
// LSTM: the carries [steps + 1][batch][units]. GRU: the candidate's product [steps][batch][units], or r · h [batch][units].
@group(0) @binding(8) var<storage, read_write> s: array<f32>;
@group(0) @binding(9) var<storage, read> hidden: array<f32>; // [batch][units]
@group(0) @binding(10) var<storage, read> carry: array<f32>; // [batch][units]

override keep: bool = false; // gates, carries and products, for the gradient
override has_dropout: bool = false;
override has_mask: bool = false;
override is_lstm: bool = false;
override activation: u32 = 0u; // 0 linear, 1 relu, 2 sigmoid, 3 tanh, 4 hard sigmoid
override gate_activation: u32 = 0u;

alias Sums = array<vec4<f32>, rows * vectors>;

fn is_nan4(value: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(value) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
}

fn relu4(value: vec4<f32>) -> vec4<f32> {
  let bits = bitcast<vec4<u32>>(value);
  return select(value, vec4<f32>(), (bits > vec4<u32>(0x80000000u)) & (bits <= vec4<u32>(0xff800000u)));
}

fn sigmoid4(value: vec4<f32>) -> vec4<f32> {
  let e = exp(-abs(value));
  let y = select(vec4<f32>(1.0), e, value < vec4<f32>()) / (1.0 + e);
  return select(y, value, is_nan4(value));
}

// `tanh_safe` of four: see there.
fn tanh4(value: vec4<f32>) -> vec4<f32> {
  let square = value * value;
  let e = exp(-2.0 * abs(value));
  let large = (1.0 - e) / (1.0 + e);
  let tail = square * (-0.05396825 + square * (0.02186949 + square * -0.008863236));
  let small = value + value * square * (-0.33333333 + square * (0.13333333 + tail));
  let y = select(select(large, -large, value < vec4<f32>()), small, square < vec4<f32>(0.09));
  return select(y, value, is_nan4(value));
}

fn activate4(value: vec4<f32>, kind: u32) -> vec4<f32> {
  if (kind == 1u) {
    return relu4(value);
  }
  if (kind == 2u) {
    return sigmoid4(value);
  }
  if (kind == 3u) {
    return tanh4(value);
  }
  if (kind == 4u) {
    return select(clamp(value / 6.0 + 0.5, vec4<f32>(), vec4<f32>(1.0)), value, is_nan4(value));
  }
  return value;
}

// Four neighbours from `at` on, of which `left` are there; what is not is the last that is.
fn places(at: u32, left: u32) -> vec4<u32> {
  return at + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(left - 1u));
}

fn projected_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(projected[at.x], projected[at.y], projected[at.z], projected[at.w]);
}

fn kernel_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(kernel[at.x], kernel[at.y], kernel[at.z], kernel[at.w]);
}

fn state_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(h[at.x], h[at.y], h[at.z], h[at.w]);
}

fn put_state(at: u32, left: u32, value: vec4<f32>) {
  h[at] = value.x;
  if (left > 1u) { h[at + 1u] = value.y; }
  if (left > 2u) { h[at + 2u] = value.z; }
  if (left > 3u) { h[at + 3u] = value.w; }
}

fn put_gate(at: u32, left: u32, value: vec4<f32>) {
  gates[at] = value.x;
  if (left > 1u) { gates[at + 1u] = value.y; }
  if (left > 2u) { gates[at + 2u] = value.z; }
  if (left > 3u) { gates[at + 3u] = value.w; }
}

fn put_second(at: u32, left: u32, value: vec4<f32>) {
  s[at] = value.x;
  if (left > 1u) { s[at + 1u] = value.y; }
  if (left > 2u) { s[at + 2u] = value.z; }
  if (left > 3u) { s[at + 3u] = value.w; }
}

// What the recurrent kernel multiplies: the state, weighed, or r · h, which is weighed already.
fn factor(at: u32, start: u32) -> f32 {
  let x = /*[left*/h/*left]*/[start + at];
  if (has_dropout) {
    return x * dropout[at];
  }
  return x;
}

// Four k of a row of factors from `at` on, zeros where not `inside`.
fn factors(at: u32, start: u32, k: u32, inside: vec4<bool>) -> vec4<f32> {
  /*[factors*/
  let i = at + select(vec4<u32>(), vec4<u32>(k) + vec4<u32>(0u, 1u, 2u, 3u), inside);
  let x = vec4<f32>(factor(i.x, start), factor(i.y, start), factor(i.z, start), factor(i.w, start));
  return select(vec4<f32>(), x, inside);
  /*factors]*/
}

fn weights(at: u32, inside: bool) -> vec4<f32> {
  return select(vec4<f32>(), kernel_four(at + vec4<u32>(0u, 1u, 2u, 3u)), inside);
}

struct Place {
  unit: u32, // the thread's first
  row: u32, // its first sample
  end: u32, // behind its last sample; none is its own where its units are too many
}

fn place_of(group: vec3<u32>, groups: vec3<u32>, local: u32) -> Place {
  let unit = ((group.x << across) + (local & ((1u << across) - 1u))) * block;
  let row = ((group.y + group.z * groups.y) * (threads >> across) + (local >> across)) * rows;
  let end = select(row, min(row + rows, settings.batch), unit < settings.units);
  return Place(unit, row, end);
}

// The thread's part of the product. `start` is where the factors of step and sample 0 lie.
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
    for (var v = 0u; v < vectors; v++) {
      w[v * 4u] = weights(column_at + v * between + down.x, inside.x);
      w[v * 4u + 1u] = weights(column_at + v * between + down.y, inside.y);
      w[v * 4u + 2u] = weights(column_at + v * between + down.z, inside.z);
      w[v * 4u + 3u] = weights(column_at + v * between + down.w, inside.w);
    }
    for (var row = 0u; row < rows; row++) {
      let x = factors(at, start, k, inside);
      for (var v = 0u; v < vectors; v++) {
        (*sums)[row * vectors + v] += w[v * 4u] * x.x + w[v * 4u + 1u] * x.y + w[v * 4u + 2u] * x.z + w[v * 4u + 3u] * x.w;
      }
      at += units;
    }
    /*add]*/
    column_at += width * 4u;
  }
}

fn works(row: u32) -> bool {
  return !has_mask || mask[settings.step * settings.batch + row] != 0.0;
}

// The state of the next step, `at` within its plane: the new one, or the old where the mask is 0.
fn put_next(at: u32, left: u32, row: u32, value: vec4<f32>) {
  let plane = settings.batch * settings.units;
  let now = settings.step * plane + at;
  var next = value;
  if (has_mask) {
    next = select(state_four(places(now, left)), value, works(row));
  }
  put_state(now + plane, left, next);
}

// Before the first step: one thread copies one element.
@compute @workgroup_size(threads)
fn recurrent_start(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * threads + local;
  let plane = settings.batch * settings.units;
  if (i < plane) {
    h[i] = hidden[i];
    if (is_lstm) {
      h[(settings.steps + 1u) * plane + i] = carry[i];
      if (keep) {
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
  let place = place_of(group, groups, local);
  let units = settings.units;
  var sums: Sums;
  multiply(&sums, place, settings.step * settings.batch * units, local);
  let first = settings.step * settings.batch;
  for (var row = place.row; row < place.end; row++) {
    for (var v = 0u; v < vectors; v++) {
      let unit = place.unit + v * 4u;
      if (unit < units) {
        let left = units - unit;
        let at = row * units + unit;
        let sum = sums[(row - place.row) * vectors + v] + projected_four(places(first * units + at, left));
        put_next(at, left, row, activate4(sum, activation));
      }
    }
  }
}

@compute @workgroup_size(threads)
fn recurrent_lstm(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_lstm*/local_invocation_index/*local_recurrent_lstm]*/) local: u32,
) {
  let place = place_of(group, groups, local);
  let units = settings.units;
  let batch = settings.batch;
  var sums: Sums;
  multiply(&sums, place, settings.step * batch * units, local);
  let left = units - place.unit;
  let next_plane = (settings.step + 1u) * batch * units;
  let carry_plane = (settings.steps + 1u) * batch * units;
  for (var row = place.row; row < place.end; row++) {
    let sum = (row - place.row) * vectors;
    let of_row = (settings.step * batch + row) * units * 4u + place.unit;
    let across_row = places(of_row, left);
    let i = activate4(sums[sum] + projected_four(across_row), gate_activation);
    let f = activate4(sums[sum + 1u] + projected_four(across_row + units), gate_activation);
    let g = activate4(sums[sum + 2u] + projected_four(across_row + units * 2u), activation);
    let o = activate4(sums[sum + 3u] + projected_four(across_row + units * 3u), gate_activation);
    let at = row * units + place.unit;
    let before = state_four(places(carry_plane + at, left));
    let c = select(before, f * before + i * g, works(row));
    put_state(carry_plane + at, left, c);
    put_next(at, left, row, o * activate4(c, activation));
    if (keep) {
      put_second(next_plane + at, left, c);
      put_gate(of_row, left, i);
      put_gate(of_row + units, left, f);
      put_gate(of_row + units * 2u, left, g);
      put_gate(of_row + units * 3u, left, o);
    }
  }
}

// The reset gate after the product.
@compute @workgroup_size(threads)
fn recurrent_gru(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gru*/local_invocation_index/*local_recurrent_gru]*/) local: u32,
) {
  let place = place_of(group, groups, local);
  let units = settings.units;
  let batch = settings.batch;
  let plane = settings.step * batch * units;
  var sums: Sums;
  multiply(&sums, place, plane, local);
  let left = units - place.unit;
  let of_unit = places(place.unit, left);
  let offset = vec4<f32>(bias[of_unit.x], bias[of_unit.y], bias[of_unit.z], bias[of_unit.w]);
  for (var row = place.row; row < place.end; row++) {
    let sum = (row - place.row) * vectors;
    let of_row = (settings.step * batch + row) * units * 3u + place.unit;
    let across_row = places(of_row, left);
    let z = activate4(sums[sum] + projected_four(across_row), gate_activation);
    let r = activate4(sums[sum + 1u] + projected_four(across_row + units), gate_activation);
    let product = sums[sum + 2u] + offset;
    let candidate = activate4(projected_four(across_row + units * 2u) + r * product, activation);
    let at = row * units + place.unit;
    put_next(at, left, row, z * state_four(places(plane + at, left)) + (1.0 - z) * candidate);
    if (keep) {
      put_second(plane + at, left, product);
      put_gate(of_row, left, z);
      put_gate(of_row + units, left, r);
      put_gate(of_row + units * 2u, left, candidate);
    }
  }
}

// The reset gate before the product: z, r and r · h.
@compute @workgroup_size(threads)
fn recurrent_gru_gates(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gru_gates*/local_invocation_index/*local_recurrent_gru_gates]*/) local: u32,
) {
  let place = place_of(group, groups, local);
  let units = settings.units;
  let batch = settings.batch;
  let plane = settings.step * batch * units;
  var sums: Sums;
  multiply(&sums, place, plane, local);
  let left = units - place.unit;
  for (var row = place.row; row < place.end; row++) {
    let sum = (row - place.row) * vectors;
    let across_row = places((settings.step * batch + row) * units * 3u + place.unit, left);
    let z = activate4(sums[sum] + projected_four(across_row), gate_activation);
    let r = activate4(sums[sum + 1u] + projected_four(across_row + units), gate_activation);
    let at = places(row * units + place.unit, left);
    let seen = vec4<f32>(factor(at.x, plane), factor(at.y, plane), factor(at.z, plane), factor(at.w, plane));
    put_second(at.x, left, r * seen);
    let kept = (settings.kept_step * batch + row) * units * 3u + place.unit;
    put_gate(kept, left, z);
    put_gate(kept + units, left, r);
  }
}

// And the candidate: its factors are r · h of all units, which the other entry wrote.
@compute @workgroup_size(threads)
fn recurrent_gru_candidate(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gru_candidate*/local_invocation_index/*local_recurrent_gru_candidate]*/) local: u32,
) {
  let place = place_of(group, groups, local);
  let units = settings.units;
  let batch = settings.batch;
  let plane = settings.step * batch * units;
  var sums: Sums;
  multiply(&sums, place, 0u, local);
  for (var row = place.row; row < place.end; row++) {
    for (var v = 0u; v < vectors; v++) {
      let unit = place.unit + v * 4u;
      if (unit < units) {
        let left = units - unit;
        let given = places((settings.step * batch + row) * units * 3u + units * 2u + unit, left);
        let candidate = activate4(sums[(row - place.row) * vectors + v] + projected_four(given), activation);
        let kept = (settings.kept_step * batch + row) * units * 3u + unit;
        let i = places(kept, left);
        let z = vec4<f32>(gates[i.x], gates[i.y], gates[i.z], gates[i.w]);
        let at = row * units + unit;
        put_next(at, left, row, z * state_four(places(plane + at, left)) + (1.0 - z) * candidate);
        put_gate(kept + units * 2u, left, candidate);
      }
    }
  }
}
