// One step back through a recurrent cell for all samples: first what arrives at the state after the step, by the product of
// the next step's gradient with the transposed recurrent kernel, then the gradient of the step's own sums, in the row before
// it of one buffer. So each step is one dispatch, and one more a GRU's whose reset gate comes before the product. A thread
// has `rows` samples times `vectors` vec4 of units. Dispatched by src/ops/recurrent-wgsl.ts; laid out as in recurrent.wgsl,
// where the blocks are told.
//
// `carried` goes from step to step: what arrives at the state but by the product, [batch][units], then for an LSTM what
// arrives at the carry, [batch][units]; behind them lie the masks, so that no kernel binds more than eight buffers.

/*[enable*/ /*enable]*/

const threads = /*[threads*/64u/*threads]*/;
const across = /*[across*/3u/*across]*/; // threads side by side, as a power of two
const rows = /*[rows*/1u/*rows]*/;
const vectors = /*[vectors*/1u/*vectors]*/;
const block = /*[block*/4u/*block]*/; // units of a thread

struct Settings {
  units: u32,
  batch: u32,
  steps: u32,
  step: u32,
  width: u32, // columns of all gates
  from: u32, // where the factors of sample 0 lie: the step's row of them, and the first column
  column: u32, // the first column that is summed
  columns: u32, // how many are; 0 after the last step, behind which nothing is
  dropout_at: u32,
  mask_at: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> upstream: array<f32>; // [steps + 1][batch][units], and an LSTM's carry behind
@group(0) @binding(2) var<storage, read> states: array<f32>; // likewise
@group(0) @binding(3) var<storage, read> kernel: array<f32>; // [units][width]
@group(0) @binding(4) var<storage, read> second: array<f32>; // carries [steps + 1][batch][units], or products [steps][batch][units]
@group(0) @binding(5) var<storage, read> gates: array<f32>; // [steps][batch][width]
@group(0) @binding(6) var<storage, read_write> d: array<f32>; // [steps][batch][width]: with respect to the projected inputs
@group(0) @binding(7) var<storage, read_write> p: array<f32>; // … to the recurrent product: GRU with the reset gate after it
@group(0) @binding(8) var<storage, read_write> carried: array<f32>;
@group(0) @binding(9) var<storage, read> dropout: array<f32>; // [batch][units]
@group(0) @binding(10) var<storage, read> mask: array<f32>; // [steps][batch]
@group(0) @binding(11) var<storage, read_write> hidden: array<f32>; // [batch][units]
@group(0) @binding(12) var<storage, read_write> carry: array<f32>; // [batch][units]

override has_dropout: bool = false;
override has_mask: bool = false;
override is_lstm: bool = false;
override reset_after: bool = false;
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

// The slope of each at the place where its value is y.
fn slope4(y: vec4<f32>, kind: u32) -> vec4<f32> {
  if (kind == 1u) {
    return select(vec4<f32>(), vec4<f32>(1.0), y > vec4<f32>());
  }
  if (kind == 2u) {
    return y * (1.0 - y);
  }
  if (kind == 3u) {
    return 1.0 - y * y;
  }
  if (kind == 4u) {
    return select(vec4<f32>(), vec4<f32>(0.16666667), (y > vec4<f32>()) & (y < vec4<f32>(1.0)));
  }
  return vec4<f32>(1.0);
}

// Four neighbours from `at` on, of which `left` are there; what is not is the last that is.
fn places(at: u32, left: u32) -> vec4<u32> {
  return at + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(left - 1u));
}

fn kernel_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(kernel[at.x], kernel[at.y], kernel[at.z], kernel[at.w]);
}

fn upstream_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(upstream[at.x], upstream[at.y], upstream[at.z], upstream[at.w]);
}

fn state_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(states[at.x], states[at.y], states[at.z], states[at.w]);
}

fn gate_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(gates[at.x], gates[at.y], gates[at.z], gates[at.w]);
}

fn second_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(second[at.x], second[at.y], second[at.z], second[at.w]);
}

fn carried_four(at: vec4<u32>) -> vec4<f32> {
  return vec4<f32>(carried[at.x], carried[at.y], carried[at.z], carried[at.w]);
}

fn put_d(at: u32, left: u32, value: vec4<f32>) {
  d[at] = value.x;
  if (left > 1u) { d[at + 1u] = value.y; }
  if (left > 2u) { d[at + 2u] = value.z; }
  if (left > 3u) { d[at + 3u] = value.w; }
}

fn put_p(at: u32, left: u32, value: vec4<f32>) {
  p[at] = value.x;
  if (left > 1u) { p[at + 1u] = value.y; }
  if (left > 2u) { p[at + 2u] = value.z; }
  if (left > 3u) { p[at + 3u] = value.w; }
}

fn put_carried(at: u32, left: u32, value: vec4<f32>) {
  carried[at] = value.x;
  if (left > 1u) { carried[at + 1u] = value.y; }
  if (left > 2u) { carried[at + 2u] = value.z; }
  if (left > 3u) { carried[at + 3u] = value.w; }
}

fn factor(at: u32) -> f32 {
  return /*[left*/d/*left]*/[at];
}

// Four columns of a row of gradients that begins at `at`, zeros where not `inside`.
fn factors(at: u32, k: u32, inside: vec4<bool>) -> vec4<f32> {
  /*[factors*/
  let i = at + select(vec4<u32>(), vec4<u32>(k) + vec4<u32>(0u, 1u, 2u, 3u), inside);
  let x = vec4<f32>(factor(i.x), factor(i.y), factor(i.z), factor(i.w));
  return select(vec4<f32>(), x, inside);
  /*factors]*/
}

fn weights(at: u32, down: vec4<u32>, inside: bool) -> vec4<f32> {
  return select(vec4<f32>(), kernel_four(at + down), inside);
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

// The thread's part of the product.
fn multiply(sums: ptr<function, Sums>, place: Place, local: u32) {
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
    for (var v = 0u; v < vectors; v++) {
      let unit = v * width * 4u;
      w[v * 4u] = weights(unit + right.x, down, inside.x);
      w[v * 4u + 1u] = weights(unit + right.y, down, inside.y);
      w[v * 4u + 2u] = weights(unit + right.z, down, inside.z);
      w[v * 4u + 3u] = weights(unit + right.w, down, inside.w);
    }
    for (var row = 0u; row < rows; row++) {
      let x = factors(at, k, inside);
      for (var v = 0u; v < vectors; v++) {
        (*sums)[row * vectors + v] += w[v * 4u] * x.x + w[v * 4u + 1u] * x.y + w[v * 4u + 2u] * x.z + w[v * 4u + 3u] * x.w;
      }
      at += width;
    }
    /*add]*/
  }
}

fn works(row: u32) -> bool {
  return !has_mask || carried[settings.mask_at + settings.step * settings.batch + row] != 0.0;
}

// The gradient with respect to the state after the step, at `at` in its plane.
fn arriving(at: vec4<u32>, sum: vec4<f32>) -> vec4<f32> {
  if (has_dropout) {
    return carried_four(at) + carried_four(at + settings.dropout_at) * sum;
  }
  return carried_four(at) + sum;
}

// For the step before: what arrives at its state from outside, and past this step's product.
fn put_straight(at: vec4<u32>, left: u32, value: vec4<f32>) {
  put_carried(at.x, left, upstream_four(at + settings.step * settings.batch * settings.units) + value);
}

// Before the last step: one thread copies one element.
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
  if (has_mask && i < settings.steps * settings.batch) {
    carried[settings.mask_at + i] = mask[i];
  }
}

// After the first step: the gradients with respect to the initial states.
@compute @workgroup_size(threads)
fn recurrent_gradient_end(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gradient_end*/local_invocation_index/*local_recurrent_gradient_end]*/) local: u32,
) {
  let place = place_of(group, groups, local);
  let units = settings.units;
  let plane = settings.batch * units;
  var sums: Sums;
  multiply(&sums, place, local);
  for (var row = place.row; row < place.end; row++) {
    for (var v = 0u; v < vectors * 4u; v++) {
      if (place.unit + v < units) {
        let at = row * units + place.unit + v;
        let sum = sums[(row - place.row) * vectors + (v >> 2u)];
        hidden[at] = arriving(vec4<u32>(at), sum)[v & 3u];
        if (is_lstm) {
          carry[at] = carried[plane + at];
        }
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
  let place = place_of(group, groups, local);
  let units = settings.units;
  let now = settings.step * settings.batch * units;
  let after = now + settings.batch * units;
  var sums: Sums;
  multiply(&sums, place, local);
  for (var row = place.row; row < place.end; row++) {
    let working = works(row);
    for (var v = 0u; v < vectors; v++) {
      let unit = place.unit + v * 4u;
      if (unit < units) {
        let left = units - unit;
        let at = places(row * units + unit, left);
        let dh = arriving(at, sums[(row - place.row) * vectors + v]);
        let through = dh * slope4(state_four(at + after), activation);
        put_d(now + at.x, left, select(vec4<f32>(), through, working));
        put_straight(at, left, select(dh, vec4<f32>(), working));
      }
    }
  }
}

@compute @workgroup_size(threads)
fn recurrent_gradient_lstm(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gradient_lstm*/local_invocation_index/*local_recurrent_gradient_lstm]*/) local: u32,
) {
  let place = place_of(group, groups, local);
  let units = settings.units;
  let batch = settings.batch;
  let plane = batch * units;
  let before = settings.step * plane;
  var sums: Sums;
  multiply(&sums, place, local);
  for (var row = place.row; row < place.end; row++) {
    let working = works(row);
    for (var v = 0u; v < vectors; v++) {
      let unit = place.unit + v * 4u;
      if (unit < units) {
        let left = units - unit;
        let at = places(row * units + unit, left);
        let of_row = (settings.step * batch + row) * units * 4u + unit;
        let across_row = places(of_row, left);
        let i = gate_four(across_row);
        let f = gate_four(across_row + units);
        let g = gate_four(across_row + units * 2u);
        let o = gate_four(across_row + units * 3u);
        let shown = activate4(second_four(at + before + plane), activation);
        let dh = arriving(at, sums[(row - place.row) * vectors + v]);
        let dc = carried_four(at + plane);
        let through = dc + dh * o * slope4(shown, activation);
        let none = vec4<f32>();
        put_d(of_row, left, select(none, through * g * slope4(i, gate_activation), working));
        put_d(of_row + units, left, select(none, through * second_four(at + before) * slope4(f, gate_activation), working));
        put_d(of_row + units * 2u, left, select(none, through * i * slope4(g, activation), working));
        put_d(of_row + units * 3u, left, select(none, dh * shown * slope4(o, gate_activation), working));
        put_carried(at.x + plane, left, select(dc, through * f, working));
        put_straight(at, left, select(dh, none, working));
      }
    }
  }
}

// Both kinds of GRU; where the reset gate comes before the product, its own gradient is the next dispatch's.
@compute @workgroup_size(threads)
fn recurrent_gradient_gru(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gradient_gru*/local_invocation_index/*local_recurrent_gradient_gru]*/) local: u32,
) {
  let place = place_of(group, groups, local);
  let units = settings.units;
  let batch = settings.batch;
  let now = settings.step * batch * units;
  var sums: Sums;
  multiply(&sums, place, local);
  for (var row = place.row; row < place.end; row++) {
    let working = works(row);
    for (var v = 0u; v < vectors; v++) {
      let unit = place.unit + v * 4u;
      if (unit < units) {
        let left = units - unit;
        let at = places(row * units + unit, left);
        let of_row = (settings.step * batch + row) * units * 3u + unit;
        let across_row = places(of_row, left);
        let z = gate_four(across_row);
        let candidate = gate_four(across_row + units * 2u);
        let dh = arriving(at, sums[(row - place.row) * vectors + v]);
        let none = vec4<f32>();
        let of_z = select(none, dh * (state_four(at + now) - candidate) * slope4(z, gate_activation), working);
        let of_candidate = select(none, dh * (1.0 - z) * slope4(candidate, activation), working);
        put_d(of_row, left, of_z);
        put_d(of_row + units * 2u, left, of_candidate);
        if (reset_after) {
          let r = gate_four(across_row + units);
          let of_r = select(none, of_candidate * second_four(at + now) * slope4(r, gate_activation), working);
          put_d(of_row + units, left, of_r);
          put_p(of_row, left, of_z);
          put_p(of_row + units, left, of_r);
          put_p(of_row + units * 2u, left, select(none, of_candidate * r, working));
        }
        put_straight(at, left, select(dh, dh * z, working));
      }
    }
  }
}

// The reset gate before the product: the candidate's gradient goes back through the kernel to r · h.
@compute @workgroup_size(threads)
fn recurrent_gradient_gru_reset(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(/*[local_recurrent_gradient_gru_reset*/local_invocation_index/*local_recurrent_gradient_gru_reset]*/) local: u32,
) {
  let place = place_of(group, groups, local);
  let units = settings.units;
  let batch = settings.batch;
  let now = settings.step * batch * units;
  var sums: Sums;
  multiply(&sums, place, local);
  for (var row = place.row; row < place.end; row++) {
    let working = works(row);
    for (var v = 0u; v < vectors; v++) {
      let unit = place.unit + v * 4u;
      if (unit < units) {
        let left = units - unit;
        let at = places(row * units + unit, left);
        let of_row = (settings.step * batch + row) * units * 3u + units + unit;
        let r = gate_four(places(of_row, left));
        var through = sums[(row - place.row) * vectors + v];
        if (has_dropout) {
          through *= carried_four(at + settings.dropout_at);
        }
        let none = vec4<f32>();
        put_d(of_row, left, select(none, through * state_four(at + now) * slope4(r, gate_activation), working));
        put_carried(at.x, left, carried_four(at) + select(none, through * r, working));
      }
    }
  }
}
