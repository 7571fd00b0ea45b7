// Recurrent cells over whole sequences, and their gradients.
export { __heap_base };
export { recurrent } from '../recurrent';
export { recurrent_gradient } from '../recurrent-gradient';
export { recurrent_pack } from '../recurrent-product';
