// The samples and units that a thread of a recurrent cell processes, and the activation of the cell.
// #include "activations"

const threads = /*[threads*/64u/*threads]*/;
const across = /*[across*/3u/*across]*/; // log2 of the threads side by side; the others are arranged vertically
const rows = /*[rows*/1u/*rows]*/; // samples per thread
const vectors = /*[vectors*/4u/*vectors]*/;
const block = /*[block*/4u/*block]*/; // units per thread

alias Sums = array<vec4<f32>, rows * vectors>;

fn hard_sigmoid(value: f32) -> f32 {
  return select(clamp(value / 6.0 + 0.5, 0.0, 1.0), value, is_nan(value));
}

// The activation of candidates and outputs. The default references every function that may be substituted.
fn act(x: f32) -> f32 {
  return /*[act*/tanh_safe(x) + 0.0 * (sigmoid(x) + relu(x) + hard_sigmoid(x))/*act]*/;
}

struct Place {
  unit: u32, // first unit of the thread
  unit_end: u32, // upper bound of its units, exclusive
  row: u32, // first sample of the thread
  row_end: u32,
}

fn place_of(group: vec3<u32>, groups: vec3<u32>, local: u32) -> Place {
  let unit = ((group.x << across) + (local & ((1u << across) - 1u))) * block;
  let row = ((group.y + group.z * groups.y) * (threads >> across) + (local >> across)) * rows;
  return Place(unit, min(unit + block, settings.units), row, min(row + rows, settings.batch));
}
