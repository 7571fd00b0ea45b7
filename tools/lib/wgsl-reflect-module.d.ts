/** The package's `main` is a CommonJS file that Node treats as ESM; its module build has no type declarations. */
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
