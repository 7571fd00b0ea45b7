// Softmax of each row of x[rows][columns], log-softmax, or the cross-entropy with labels that are rows of probabilities or one
// class index per row. `lanes` threads share a row: 1 for short rows, the whole workgroup for long ones. The maximum is
// subtracted first, so no finite row overflows. A row whose maximum is infinite or NaN yields NaN. A class of probability 0
// contributes nothing, for any logit. An out-of-range class index yields NaN.

/*[enable*/ /*enable]*/

struct Settings {
  rows: u32,
  columns: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [rows][columns]
@group(0) @binding(2) var<storage, read> labels: array<u32>; // float32 [rows][columns], int32 [rows]; else x, not read
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [rows][columns], or losses [rows]

override kind: u32 = 0u; // 0 softmax, 1 log-softmax, 2 cross-entropy with probabilities, 3 cross-entropy with class indices

// #include "row-reduction"

@compute @workgroup_size(threads)
fn softmax(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % lanes;
  let row = ((group.y * groups.x + group.x) * threads + local) / lanes;
  let start = row * settings.columns;
  let end = select(0u, settings.columns, row < settings.rows); // threads beyond the last row only execute the barriers

  var greatest = from_bits(0xff800000u);
  for (var i = lane; i < end; i += lanes) {
    greatest = maximum(greatest, x[start + i]);
  }
  greatest = of_row(greatest, true, lane, local);

  var sum = 0.0;
  for (var i = lane; i < end; i += lanes) {
    sum += exp(x[start + i] - greatest);
  }
  sum = of_row(sum, false, lane, local);
  let log_sum = select(from_bits(0x7fc00000u), log(sum), is_finite(greatest));
  sum = select(from_bits(0x7fc00000u), sum, is_finite(greatest));

  var loss = 0.0;
  if (kind < 3u) {
    for (var i = lane; i < end; i += lanes) {
      let difference = x[start + i] - greatest;
      if (kind == 0u) {
        y[start + i] = exp(difference) / sum;
      } else if (kind == 1u) {
        y[start + i] = difference - log_sum;
      } else if ((labels[start + i] & 0x7fffffffu) != 0u) {
        loss += bitcast<f32>(labels[start + i]) * (log_sum - difference);
      }
    }
  }
  if (kind < 2u) {
    return;
  }
  if (kind == 2u) {
    loss = of_row(loss, false, lane, local);
  }
  if (lane == 0u && row < settings.rows) {
    if (kind == 3u) {
      let place = labels[row];
      loss = from_bits(0x7fc00000u);
      if (place < settings.columns) {
        loss = log_sum - (x[start + place] - greatest);
      }
    }
    y[row] = loss;
  }
}
