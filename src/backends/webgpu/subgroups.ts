/**
 * What subgroups do to a shader in which a workgroup shares a row (`of_row` in `shaders/reduce/reduce.wgsl`): instead of a tree over the
 * values that its threads have left in its memory, each subgroup takes all of them, its threads by turns, and combines what they
 * have. Whatever the size of a subgroup and whichever threads it is made of, all get the result, and on one device always in the
 * same order. The greatest is NaN where one is: by its bits, for subgroupMax may drop it. Loaded where a device has subgroups.
 */
export const subgroupBlocks: Readonly<Record<string, string>> = {
  enable: 'enable subgroups;',
  combined:
    'let size=subgroupAdd(1u);let first=subgroupExclusiveAdd(1u);var result=held[first];' +
    'for(var i=first+size;i<lanes;i+=size){result=join(result,held[i],top);}' +
    'if(top){let bits=bitcast<u32>(result);result=select(subgroupMax(result),bitcast<f32>(bits|0x7fc00000u),' +
    'subgroupAny((bits&0x7fffffffu)>0x7f800000u));}else{result=subgroupAdd(result);}',
};
