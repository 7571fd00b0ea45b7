/**
 * Subgroup versions of shader blocks in which a workgroup reduces a row (`of_row` in `shaders/reduce/reduce.wgsl`).
 * Without subgroups, the threads reduce the values in workgroup memory as a tree. With them, each subgroup reads all
 * the values, its threads in a strided loop, and combines the partial results. This works for any subgroup size and any
 * assignment of threads to subgroups: every thread gets the result, and on one device always in the same order of
 * operations. The maximum propagates NaN by its bits, because subgroupMax may drop NaN. Loaded only on devices with
 * subgroups.
 */
export const subgroupBlocks: Readonly<Record<string, string>> = {
  enable: 'enable subgroups;',
  combined:
    'let size=subgroupAdd(1u);let first=subgroupExclusiveAdd(1u);var result=held[first];' +
    'for(var i=first+size;i<lanes;i+=size){result=join(result,held[i],top);}' +
    'if(top){let bits=bitcast<u32>(result);result=select(subgroupMax(result),bitcast<f32>(bits|0x7fc00000u),' +
    'subgroupAny((bits&0x7fffffffu)>0x7f800000u));}else{result=subgroupAdd(result);}',
};
