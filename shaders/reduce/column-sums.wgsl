// Sums of h and h·e over the rows of a matrix: the column statistics for batch normalization (Ioffe, Szegedy 2015) and its
// gradient. A thread traverses the rows of a part, for one column or four adjacent ones, so that neighbouring threads read
// neighbouring elements. The number of rows per part depends on the shape alone. If there are several parts, reductions add them
// up in order.

/*[vector*/
alias Vector = f32;
/*vector]*/

struct Settings {
  rows: u32,
  columns: u32, // in units of Vector
  parts: u32,
  part_rows: u32, // the last part has the remainder
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> x: array<Vector>; // [rows][columns]
@group(0) @binding(2) var<storage, read> center: array<Vector>; // [columns]
@group(0) @binding(3) var<storage, read> weights: array<f32>; // [rows]
@group(0) @binding(4) var<storage, read> h: array<Vector>; // [rows][columns]
@group(0) @binding(5) var<storage, read_write> sums: array<Vector>; // [parts][columns]
@group(0) @binding(6) var<storage, read_write> products: array<Vector>; // [parts][columns]

override threads: u32 = 64u;

// Σ h and Σ h·e over the rows of each part, where e = x − center and h = weight·e.
@compute @workgroup_size(threads)
fn column_moments(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  let columns = settings.columns;
  if (index >= columns * settings.parts) {
    return;
  }
  let part = index / columns;
  let column = index % columns;
  let first = part * settings.part_rows;
  let end = min(first + settings.part_rows, settings.rows);
  let middle = center[column];
  var sum = Vector();
  var product = Vector();
  var at = first * columns + column;
  for (var row = first; row < end; row++) {
    let e = x[at] - middle;
    let value = weights[row] * e;
    sum += value;
    product += value * e;
    at += columns;
  }
  sums[index] = sum;
  products[index] = product;
}

// The same with h given.
@compute @workgroup_size(threads)
fn column_products(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  let columns = settings.columns;
  if (index >= columns * settings.parts) {
    return;
  }
  let part = index / columns;
  let column = index % columns;
  let first = part * settings.part_rows;
  let end = min(first + settings.part_rows, settings.rows);
  let middle = center[column];
  var sum = Vector();
  var product = Vector();
  var at = first * columns + column;
  for (var row = first; row < end; row++) {
    let value = h[at];
    sum += value;
    product += value * (x[at] - middle);
    at += columns;
  }
  sums[index] = sum;
  products[index] = product;
}
