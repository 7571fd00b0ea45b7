// Writes one pattern of 32 bits into every element of y: a float32 or int32 value.

struct Settings {
  size: u32,
  bits: u32,
  mask: u32, // merge_word only
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

// Replaces the bits of y[size] that are set in `mask`: the odd bytes at an end of uint8 data written in pieces.
@compute @workgroup_size(1)
fn merge_word() {
  let place = settings.size;
  y[place] = (y[place] & ~settings.mask) | (settings.bits & settings.mask);
}
