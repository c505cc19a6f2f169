import * as v from 'valibot'
import { Id } from '../../../ids.ts'
import { Tlp } from '../../../tlp.ts'

export const Input = v.strictObject({
  document_id: Id,
  audience_tlp: v.optional(
    v.pipe(Tlp, v.description('The highest level that readers of the brief may see; the document’s own when absent')),
  ),
  guardian: v.optional(
    v.pipe(
      v.picklist(['remove', 'fail']),
      v.description('What happens to claims that are wrong: they are taken out, or the run fails'),
    ),
    'remove',
  ),
  minimum_confidence: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100), v.description('Of indicators in rules and lists')),
    50,
  ),
})
export type Input = v.InferOutput<typeof Input>
