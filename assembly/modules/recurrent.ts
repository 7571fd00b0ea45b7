// Recurrent cells over whole sequences, with their gradients.
export { __heap_base };
export { recurrent } from '../recurrent/recurrent';
export { recurrent_gradient } from '../recurrent/recurrent-gradient';
export { recurrent_pack } from '../recurrent/recurrent-product';
