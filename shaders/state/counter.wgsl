// Adds an integer to a counter in device state. One thread.

struct Settings {
  by: i32,
}
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read_write> y: array<i32>; // [1]

@compute @workgroup_size(1)
fn increment() {
  y[0] += settings.by;
}
