import type { Draft } from '../claims/types.ts'
import { findingCodes, type GuardianOptions, type Review } from './types.ts'

/** Decides what of a draft may leave. Until every check is in, nothing may. */
export function review(_draft: Draft, _options: GuardianOptions): Review {
  return {
    draft: null,
    findings: [
      { code: 'nothing_left', section: null, claim: null, what: '', why: findingCodes.nothing_left, action: 'refused' },
    ],
    verdict: 'refused',
  }
}
