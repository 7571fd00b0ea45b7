// Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3; SC 2011). It produces
// the same bits as src/core/random.ts. One thread computes two elements: the counter is (pair, step), the key is that of the
// stream.

struct Settings {
  size: u32,
  key0: u32,
  key1: u32,
  threshold: f32, // dropout: draws below the threshold yield 0
  kept: f32, // dropout: the value of all other elements
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> step: array<i32>; // [1]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [size]

override threads: u32 = 64u;
override dropout: bool = false;

// Four rounds. Each adds, rotates by its own amount, and applies xor.
fn four_rounds(start: vec2<u32>, by: vec4<u32>) -> vec2<u32> {
  var x = start;
  for (var i = 0u; i < 4u; i++) {
    x.x += x.y;
    x.y = ((x.y << by[i]) | (x.y >> (32u - by[i]))) ^ x.x;
  }
  return x;
}

fn threefry2x32(key0: u32, key1: u32, counter0: u32, counter1: u32) -> vec2<u32> {
  let key2 = key0 ^ key1 ^ 0x1bd11bdau;
  let even = vec4<u32>(13u, 15u, 26u, 6u);
  let odd = vec4<u32>(17u, 29u, 16u, 24u);
  var x = vec2<u32>(counter0 + key0, counter1 + key1);
  x = four_rounds(x, even) + vec2<u32>(key1, key2 + 1u);
  x = four_rounds(x, odd) + vec2<u32>(key2, key0 + 2u);
  x = four_rounds(x, even) + vec2<u32>(key0, key1 + 3u);
  x = four_rounds(x, odd) + vec2<u32>(key1, key2 + 4u);
  return four_rounds(x, even) + vec2<u32>(key2, key0 + 5u);
}

// A multiple of 2^-24 in [0, 1), or for dropout the value derived from it.
fn draw(bits: u32) -> f32 {
  let value = f32(bits >> 8u) * 0.000000059604644775390625;
  if (dropout) {
    return select(0.0, settings.kept, value >= settings.threshold);
  }
  return value;
}

@compute @workgroup_size(threads)
fn random(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let pair = (group.y * groups.x + group.x) * threads + local;
  let index = pair * 2u;
  if (index >= settings.size) {
    return;
  }
  let bits = threefry2x32(settings.key0, settings.key1, pair, bitcast<u32>(step[0]));
  y[index] = draw(bits.x);
  if (index + 1u < settings.size) {
    y[index + 1u] = draw(bits.y);
  }
}
