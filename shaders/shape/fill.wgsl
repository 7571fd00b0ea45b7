// Writes one 32-bit pattern (a float32 or int32 value) into every element of y.

struct Settings {
  size: u32,
  bits: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read_write> y: array<u32>; // [size]

override threads: u32 = 64u;

@compute @workgroup_size(threads)
fn fill(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * threads + local;
  if (index < settings.size) {
    y[index] = settings.bits;
  }
}
