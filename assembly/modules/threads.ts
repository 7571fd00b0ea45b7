// Support for threads: jobs, barriers, and the loop in which threads execute a program together.
export { __heap_base };
export { set_control } from '../runtime/barrier';
export { work } from '../runtime/jobs';
