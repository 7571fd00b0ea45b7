// Sets flags[place] to the step where the flag is negative and any of a value's elements is NaN or infinite: found by the
// bits, because WGSL lets an implementation assume that such values never occur. Every thread that finds one stores the
// same number, so their order does not matter. Six values a dispatch: with flags and step these are the 8 buffers that WebGPU
// promises. Threads walk each value in strides; what is not there has size 0.

struct Settings {
  place: u32, // of the first value
  size0: u32,
  size1: u32,
  size2: u32,
  size3: u32,
  size4: u32,
  size5: u32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> step: array<i32>; // [1]
@group(0) @binding(2) var<storage, read_write> flags: array<atomic<i32>>;
@group(0) @binding(3) var<storage, read> value0: array<f32>; // [size0]
@group(0) @binding(4) var<storage, read> value1: array<f32>; // [size1]
@group(0) @binding(5) var<storage, read> value2: array<f32>; // [size2]
@group(0) @binding(6) var<storage, read> value3: array<f32>; // [size3]
@group(0) @binding(7) var<storage, read> value4: array<f32>; // [size4]
@group(0) @binding(8) var<storage, read> value5: array<f32>; // [size5]

override threads: u32 = 256u;

fn note(index: u32, x: f32) {
  if ((bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u && atomicLoad(&flags[settings.place + index]) < 0) {
    atomicStore(&flags[settings.place + index], step[0]);
  }
}

@compute @workgroup_size(threads)
fn first_non_finite(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let first = group.x * threads + local;
  let stride = groups.x * threads;
  for (var i = first; i < settings.size0; i += stride) {
    note(0u, value0[i]);
  }
  for (var i = first; i < settings.size1; i += stride) {
    note(1u, value1[i]);
  }
  for (var i = first; i < settings.size2; i += stride) {
    note(2u, value2[i]);
  }
  for (var i = first; i < settings.size3; i += stride) {
    note(3u, value3[i]);
  }
  for (var i = first; i < settings.size4; i += stride) {
    note(4u, value4[i]);
  }
  for (var i = first; i < settings.size5; i += stride) {
    note(5u, value5[i]);
  }
}
