// Sets flags[place] to the step where the flag is negative and any of values is NaN or infinite: found by the bits,
// because WGSL lets an implementation assume that such values never occur. Every thread that finds one stores the same
// number, so their order does not matter. One dispatch a value; threads walk it in strides.

struct Settings {
  size: u32,
  place: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> values: array<f32>; // [size]
@group(0) @binding(2) var<storage, read> step: array<i32>; // [1]
@group(0) @binding(3) var<storage, read_write> flags: array<atomic<i32>>;

override threads: u32 = 256u;

@compute @workgroup_size(threads)
fn first_non_finite(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  for (var i = group.x * threads + local; i < settings.size; i += groups.x * threads) {
    if ((bitcast<u32>(values[i]) & 0x7f800000u) == 0x7f800000u) {
      if (atomicLoad(&flags[settings.place]) < 0) {
        atomicStore(&flags[settings.place], step[0]);
      }
      return;
    }
  }
}
