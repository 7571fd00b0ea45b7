// The samples and units of a thread of a recurrent cell, and the cell's activation.
// #include "activations"

const threads = /*[threads*/64u/*threads]*/;
const across = /*[across*/3u/*across]*/; // threads side by side, as a power of two; the others are below each other
const rows = /*[rows*/1u/*rows]*/; // samples of a thread
const vectors = /*[vectors*/4u/*vectors]*/;
const block = /*[block*/4u/*block]*/; // units of a thread

alias Sums = array<vec4<f32>, rows * vectors>;

fn hard_sigmoid(value: f32) -> f32 {
  return select(clamp(value / 6.0 + 0.5, 0.0, 1.0), value, is_nan(value));
}

// The activation of candidates and outputs. The default names all that may stand there.
fn act(x: f32) -> f32 {
  return /*[act*/tanh_safe(x) + 0.0 * (sigmoid(x) + relu(x) + hard_sigmoid(x))/*act]*/;
}

struct Place {
  unit: u32, // the thread's first
  unit_end: u32, // behind its last, at most
  row: u32, // its first sample
  row_end: u32,
}

fn place_of(group: vec3<u32>, groups: vec3<u32>, local: u32) -> Place {
  let unit = ((group.x << across) + (local & ((1u << across) - 1u))) * block;
  let row = ((group.y + group.z * groups.y) * (threads >> across) + (local >> across)) * rows;
  return Place(unit, min(unit + block, settings.units), row, min(row + rows, settings.batch));
}
