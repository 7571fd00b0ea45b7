// Layer normalization over the rows of x[rows][columns], and its gradients. `lanes` threads share a row: one for rows of a few
// elements, eight or a workgroup for longer ones. Each thread holds its first `held` elements in registers, so that a row is read
// from memory once; the remaining elements are read again from a cache. x̂ = (x − mean) / √(variance + ε).

/*[subgroups*/
const by_tree = true;
fn turns(x: u32) -> vec2<u32> {
  return vec2<u32>(x, 256u);
}
fn across(x: vec2<f32>) -> vec2<f32> {
  return x;
}
/*subgroups]*/

struct Settings {
  rows: u32,
  columns: u32,
  epsilon: f32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [rows][columns]
@group(0) @binding(2) var<storage, read> scale: array<f32>; // [columns]
@group(0) @binding(3) var<storage, read> offset: array<f32>; // [columns]
@group(0) @binding(4) var<storage, read> g: array<f32>; // [rows][columns], the gradient with respect to the output
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // [rows][columns], or sums [parts][2][columns]

const threads = /*[threads*/64u/*threads]*/;
const lanes = /*[lanes*/64u/*lanes]*/; // threads per row: a power of two, at most `threads`
const held = /*[held*/4u/*held]*/;
const part_rows = /*[part_rows*/32u/*part_rows]*/; // rows that one workgroup sums
var<workgroup> partial: array<vec2<f32>, threads>;
var<workgroup> statistics: array<vec3<f32>, part_rows>;
alias Registers = array<f32, held>;
const tiny = 9.094947017729282e-13; // 2^-40

// The sums of a row over the values of its threads. All threads of the workgroup must call it.
fn total(value: vec2<f32>, lane: u32, local: u32) -> vec2<f32> {
  if (lanes == 1u) {
    return value;
  }
  partial[local] = value;
  workgroupBarrier();
  for (var width = lanes / 2u; by_tree && width > 0u; width >>= 1u) {
    if (lane < width) {
      partial[local] += partial[local + width];
    }
    workgroupBarrier();
  }
  let turn = turns(local - lane);
  var result = partial[turn.x];
  for (var i = turn.x + turn.y; i < threads; i += turn.y) {
    result += partial[i];
  }
  workgroupBarrier();
  return across(result);
}

// m, r and c of the row x[start] …: x̂ = (x − m)·r + c. Deviations are taken from m, a rounded mean, and their mean is subtracted
// afterwards (Chan, Golub, LeVeque 1983), so that rows far from 0 lose no precision. Holds the first elements of the row in
// registers.
//
// The first pass sums deviations from the first element, times 2^-40, so that no sum overflows. If the sum of their magnitudes
// exceeds 2^60, the second pass scales the row by 2^-80, so that no square overflows.
fn measure(kept: ptr<function, Registers>, start: u32, end: u32, lane: u32, local: u32) -> vec3<f32> {
  let count = f32(settings.columns);
  let first = x[start] * tiny;
  var sums = vec2<f32>(0.0, 0.0);
  for (var k = 0u; k < held; k++) {
    let i = lane + k * lanes;
    if (i < end) {
      (*kept)[k] = x[start + i];
      let e = (*kept)[k] * tiny - first;
      sums += vec2<f32>(e, abs(e));
    }
  }
  for (var i = lane + held * lanes; i < end; i += lanes) {
    let e = x[start + i] * tiny - first;
    sums += vec2<f32>(e, abs(e));
  }
  sums = total(sums, lane, local);
  let large = sums.y > 1048576.0;
  let factor = select(1.0, tiny * tiny, large);
  let m = (first + sums.x / count) * select(1.0 / tiny, tiny, large);
  sums = vec2<f32>(0.0, 0.0);
  for (var k = 0u; k < held; k++) {
    if (lane + k * lanes < end) {
      let e = (*kept)[k] * factor - m;
      sums += vec2<f32>(e, e * e);
    }
  }
  for (var i = lane + held * lanes; i < end; i += lanes) {
    let e = x[start + i] * factor - m;
    sums += vec2<f32>(e, e * e);
  }
  sums = total(sums, lane, local) / count;
  let r = 1.0 / sqrt(max(sums.y - sums.x * sums.x, 0.0) + settings.epsilon * factor * factor);
  return vec3<f32>(m * select(1.0, 1.0 / (tiny * tiny), large), r * factor, -sums.x * r);
}

fn standard(value: f32, row: vec3<f32>) -> f32 {
  return (value - row.x) * row.y + row.z;
}

@compute @workgroup_size(threads)
fn layer_norm(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % lanes;
  let row = ((group.y * groups.x + group.x) * threads + local) / lanes;
  let start = row * settings.columns;
  let end = select(0u, settings.columns, row < settings.rows); // threads beyond the last row only execute the barriers
  var kept: Registers;
  let found = measure(&kept, start, end, lane, local);
  for (var k = 0u; k < held; k++) {
    let i = lane + k * lanes;
    if (i < end) {
      y[start + i] = standard(kept[k], found) * scale[i] + offset[i];
    }
  }
  for (var i = lane + held * lanes; i < end; i += lanes) {
    y[start + i] = standard(x[start + i], found) * scale[i] + offset[i];
  }
}

// dx = r·(h − mean(h) − x̂·mean(h·x̂)), where h = g·scale: the gradient with respect to x, stored in y.
@compute @workgroup_size(threads)
fn layer_norm_gradient(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % lanes;
  let row = ((group.y * groups.x + group.x) * threads + local) / lanes;
  let start = row * settings.columns;
  let end = select(0u, settings.columns, row < settings.rows);
  var kept: Registers;
  let found = measure(&kept, start, end, lane, local);
  var kept_slopes: Registers;
  var sums = vec2<f32>(0.0, 0.0);
  for (var k = 0u; k < held; k++) {
    let i = lane + k * lanes;
    if (i < end) {
      kept_slopes[k] = g[start + i] * scale[i];
      sums += vec2<f32>(kept_slopes[k], kept_slopes[k] * standard(kept[k], found));
    }
  }
  for (var i = lane + held * lanes; i < end; i += lanes) {
    let slope = g[start + i] * scale[i];
    sums += vec2<f32>(slope, slope * standard(x[start + i], found));
  }
  let means = total(sums, lane, local) / f32(settings.columns);
  for (var k = 0u; k < held; k++) {
    let i = lane + k * lanes;
    if (i < end) {
      y[start + i] = found.y * (kept_slopes[k] - means.x - standard(kept[k], found) * means.y);
    }
  }
  for (var i = lane + held * lanes; i < end; i += lanes) {
    let value = standard(x[start + i], found);
    y[start + i] = found.y * (g[start + i] * scale[i] - means.x - value * means.y);
  }
}

// y[part] = Σ g·x̂ and Σ g over the rows of each part. The sums over all parts are the gradients with respect to scale and
// offset. The threads first measure the rows; then each thread sums columns.
@compute @workgroup_size(threads)
fn layer_norm_sums(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % lanes;
  let part = group.y * groups.x + group.x;
  var kept: Registers;
  for (var first = 0u; first < part_rows; first += threads / lanes) {
    let index = first + local / lanes;
    let row = part * part_rows + index;
    let end = select(0u, settings.columns, index < part_rows && row < settings.rows);
    let found = measure(&kept, row * settings.columns, end, lane, local);
    if (lane == 0u && index < part_rows) {
      statistics[index] = found;
    }
  }
  workgroupBarrier();
  let first_row = part * part_rows;
  if (first_row >= settings.rows) {
    return;
  }
  let count = min(part_rows, settings.rows - first_row);
  for (var column = local; column < settings.columns; column += threads) {
    var sums = vec2<f32>(0.0, 0.0);
    for (var index = 0u; index < count; index++) {
      let at = (first_row + index) * settings.columns + column;
      sums += vec2<f32>(g[at] * standard(x[at], statistics[index]), g[at]);
    }
    y[2u * part * settings.columns + column] = sums.x;
    y[(2u * part + 1u) * settings.columns + column] = sums.y;
  }
}
