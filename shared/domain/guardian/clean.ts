import type { Tlp } from '../tlp.ts'
import { hiddenIn, withoutHidden } from './hidden-characters.ts'
import { findInjection } from './injection.ts'
import { markingAbove } from './levels.ts'
import { defangAll, findLink, findMarkup, withoutMarkup } from './links.ts'
import { findPersonalData } from './personal-data.ts'
import { findSecret } from './secrets.ts'
import type { FindingCode } from './types.ts'

export interface Fault {
  code: FindingCode
  what: string
}

/** A text that may leave as far as its form goes, what was put right in it, and why it may not leave at all. */
export interface Cleaned {
  text: string
  mended: Fault[]
  fault: Fault | null
}

export interface CleaningRules {
  allowedHosts: ReadonlySet<string>
  /** The highest level that may be named. */
  level: Tlp
  /** E-mail addresses that are cited indicators. */
  evidence: ReadonlySet<string>
}

/** Puts right what can be put right in a text without changing what it says, and looks for what must not leave. */
export function clean(original: string, rules: CleaningRules): Cleaned {
  const mended: Fault[] = []
  // Looked for before anything is removed: tags that nobody sees can be instructions.
  const planted = findInjection(original)
  let text = withoutHidden(original)
  if (text !== original) mended.push({ code: 'hidden_characters', what: hiddenIn(original) })
  const unmarked = withoutMarkup(text)
  if (unmarked !== text) mended.push({ code: 'markup', what: '' })
  text = unmarked.trim()
  const fault = leavingFault(text, planted ?? findInjection(text), rules)
  if (fault !== null) return { text, mended, fault }
  const { text: broken, indicators } = defangAll(text, rules.allowedHosts)
  if (indicators.length > 0) mended.push({ code: 'indicator_live', what: indicators.join(', ').slice(0, 200) })
  const link = findLink(broken, rules.allowedHosts)
  return { text: broken, mended, fault: link === null ? null : { code: 'link_not_allowed', what: link } }
}

/** Why a text may not leave, whatever it cites: what is named in the answer is never the secret itself. */
export function leavingFault(
  text: string,
  planted: string | null,
  rules: Pick<CleaningRules, 'level' | 'evidence'>,
): Fault | null {
  if (planted !== null) return { code: 'prompt_injection', what: planted }
  const secret = findSecret(text)
  if (secret !== null) return { code: 'secret', what: secret }
  const personal = findPersonalData(text, rules.evidence)
  if (personal !== null) return { code: 'personal_data', what: personal }
  const marking = markingAbove(text, rules.level)
  if (marking !== null) return { code: 'tlp_named', what: `TLP:${marking}` }
  const markup = findMarkup(text)
  return markup === null ? null : { code: 'markup', what: markup.slice(0, 200) }
}

/** Why a quote may not leave. It stays as it is, so nothing of it is put right; it is shown as text only. */
export function quoteFault(quote: string, rules: Pick<CleaningRules, 'level' | 'evidence'>): Fault | null {
  const fault = leavingFault(withoutHidden(quote), findInjection(quote), rules)
  return fault?.code === 'markup' ? null : fault
}
