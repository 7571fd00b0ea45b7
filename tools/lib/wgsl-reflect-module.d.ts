/** The package's own `main` is a CommonJS file that Node takes for ESM; its module build has no declarations beside it. */
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
