// What threads need besides the kernels: jobs, barriers, and the loop that walks a program together.
export { __heap_base };
export { set_control } from '../runtime/barrier';
export { work } from '../runtime/jobs';
