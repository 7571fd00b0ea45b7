// Copies elements of four bytes, as u32 whatever they mean: transposes, slices, pads and joins, where both sides walk
// up to 8 axes with strides of their own; and plain copies. One thread moves one element.

struct Settings {
  dims: array<vec4<u32>, 2>, // of the axes, the outermost first; 1 behind the last
  source_strides: array<vec4<u32>, 2>, // elements
  target_strides: array<vec4<u32>, 2>,
  size: u32, // elements to move: the product of dims
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

// Contiguous on both sides.
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
