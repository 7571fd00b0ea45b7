// Sets flags[place] to the step if the flag is negative and any element of a value is NaN or infinite. It tests the bits, because
// WGSL lets an implementation assume that such values never occur. Every thread that finds one stores the same number, so their
// order does not matter. One dispatch checks six values: with flags and step these are the 8 storage buffers that WebGPU
// guarantees. Threads traverse each value with a stride; absent values have size 0.

struct Settings {
  place: u32, // index of the flag of the first value
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

override threads: u32 = 64u;

fn not_finite(x: f32) -> u32 {
  return u32((bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u);
}

@compute @workgroup_size(threads)
fn first_non_finite(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let first = group.x * threads + local;
  let stride = groups.x * threads;
  var found: array<u32, 6>;
  let size0 = settings.size0;
  let size1 = settings.size1;
  let size2 = settings.size2;
  let size3 = settings.size3;
  let size4 = settings.size4;
  let size5 = settings.size5;
  for (var i = first; i < size0; i += stride) {
    found[0] |= not_finite(value0[i]);
  }
  for (var i = first; i < size1; i += stride) {
    found[1] |= not_finite(value1[i]);
  }
  for (var i = first; i < size2; i += stride) {
    found[2] |= not_finite(value2[i]);
  }
  for (var i = first; i < size3; i += stride) {
    found[3] |= not_finite(value3[i]);
  }
  for (var i = first; i < size4; i += stride) {
    found[4] |= not_finite(value4[i]);
  }
  for (var i = first; i < size5; i += stride) {
    found[5] |= not_finite(value5[i]);
  }
  for (var place = 0u; place < 6u; place++) {
    if (found[place] != 0u) {
      let flag = settings.place + place;
      if (atomicLoad(&flags[flag]) < 0) {
        atomicStore(&flags[flag], step[0]);
      }
    }
  }
}
