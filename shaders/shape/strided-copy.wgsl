// Copies elements of four bytes, as u32 regardless of their dtype: plain copies, and transposes, slices, pads and concatenations,
// in which each side has up to 8 axes with its own strides. One thread copies one element.

struct Settings {
  dims: array<vec4<u32>, 2>, // sizes of the axes, the outermost first; 1 after the last
  source_strides: array<vec4<u32>, 2>, // in elements
  target_strides: array<vec4<u32>, 2>,
  size: u32, // number of elements to copy: the product of dims
  rank: u32,
  source_offset: u32,
  target_offset: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

override threads: u32 = 64u;

@compute @workgroup_size(threads)
fn strided_copy(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index >= settings.size) {
    return;
  }
  var rest = index;
  var from_place = settings.source_offset;
  var to_place = settings.target_offset;
  for (var left = settings.rank; left > 0u; left--) {
    let axis = left - 1u;
    let dim = settings.dims[axis / 4u][axis % 4u];
    let place = rest % dim;
    rest /= dim;
    from_place += place * settings.source_strides[axis / 4u][axis % 4u];
    to_place += place * settings.target_strides[axis / 4u][axis % 4u];
  }
  y[to_place] = x[from_place];
}

// Both sides are contiguous.
@compute @workgroup_size(threads)
fn copy(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index >= settings.size) {
    return;
  }
  y[settings.target_offset + index] = x[settings.source_offset + index];
}
