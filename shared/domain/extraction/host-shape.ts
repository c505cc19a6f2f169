import { isBlankAt } from './characters.ts'
import {
  COM_PROGRAMS,
  DETECTION_LABELS,
  DISTINCT_SUFFIXES,
  FILE_SUFFIXES,
  IDENTIFIER_LABELS,
  PACKAGE_LABELS,
  PRODUCT_NAMES,
  PROSE_WORDS,
} from './data/suffixes.ts'
import { isPublicTld } from './hosts.ts'
import type { Host } from './network.ts'
import type { Run } from './run.ts'
import type { Suppression } from './types.ts'

/**
 * Whether a bare name looks like a host or like something else with dots in it. What these functions say is weighed
 * against the evidence around the name; only names without any are held back.
 */

const FILE_NAME: Suppression = { reason: 'file name whose extension is also a top-level domain', list: 'file-name' }
const PROGRAM: Suppression = { reason: 'program file of DOS or Windows', list: 'file-name' }
const PRODUCT: Suppression = { reason: 'name of a technology or a common file', list: 'product-name' }
const DETECTION: Suppression = { reason: 'detection name of an anti-virus product', list: 'detection-name' }
const IDENTIFIER: Suppression = { reason: 'identifier of source code or package name', list: 'code-identifier' }
const SENTENCE: Suppression = { reason: 'two sentences without a space between them', list: 'missing-space' }
const WORDLIKE: Suppression = { reason: 'word with a dot whose ending is also a top-level domain', list: 'word-suffix' }

/**
 * Tells why a name with dots may be no host.
 *
 * @param text whole text
 * @param host a domain that stands by itself
 * @returns the reason, or null when its shape is that of a host
 */
export function shapeDoubt(text: string, host: Host): Suppression | null {
  const facts = host.facts
  if (facts === null) return null
  const name = facts.host
  if (COM_PROGRAMS.has(name)) return PROGRAM
  if (PRODUCT_NAMES.has(name)) return PRODUCT
  if (name.startsWith('www.')) return null
  const labels = name.split('.')
  if (
    facts.tld === 'net' &&
    labels.length === 2 &&
    /^[A-Z][A-Za-z]*[a-z]\.NET$/.test(text.slice(host.start, host.end))
  ) {
    return PRODUCT
  }
  for (let i = 0; i < labels.length - 1; i++) if (DETECTION_LABELS.has(labels[i]!)) return DETECTION
  const written = text.slice(host.start, host.end)
  const writtenTld = written.slice(written.lastIndexOf('.') + 1)
  const head = labels[0]!
  if (
    labels.length >= 3 &&
    (head === 'com' || head === 'org' || head === 'net') &&
    labels.length - 1 > suffixLabels(facts.suffix)
  ) {
    return IDENTIFIER
  }
  if (isSentenceJoin(written, writtenTld)) return SENTENCE
  // A call: `os.system(`, `user.name()`
  const next = text.charCodeAt(host.end)
  const isCall = next === 40 && !isBlankAt(text, host.end)
  if (labels.length >= 3 && PACKAGE_LABELS.has(head)) return IDENTIFIER
  const isMainSuffix = facts.tld === 'com' || facts.tld === 'net' || facts.tld === 'org'
  if (isCall && !isMainSuffix) return IDENTIFIER
  if (/[a-z][A-Z]/.test(isMainSuffix || DISTINCT_SUFFIXES.has(facts.tld) ? writtenTld : written)) return IDENTIFIER
  if (DISTINCT_SUFFIXES.has(facts.tld)) {
    if (labels.length > 2 || isMainSuffix) return null
    if (IDENTIFIER_LABELS.has(head)) return IDENTIFIER
    // Short names under country codes are operators and variables more often than hosts: `f32.ne`, `a.de`.
    return head.length <= 3 && facts.tld.length === 2 ? WORDLIKE : null
  }
  if (facts.privateSuffix && labels.length > 2) return null
  // Second-level suffixes (`com.pl`, `co.rs`) and deep names are hosts.
  if (facts.suffix.includes('.')) return null
  if (FILE_SUFFIXES.has(facts.tld)) return FILE_NAME
  if (labels.length === 2 && IDENTIFIER_LABELS.has(head)) return IDENTIFIER
  if (isInExpression(text, host)) return IDENTIFIER
  const second = labels[labels.length - 2]!
  if (second.startsWith('xn--') || facts.tld.startsWith('xn--')) return null
  if (second.length > 5 && /[0-9-]/.test(second)) return null
  return WORDLIKE
}

/** Whether operators of source code touch a name: `t.name=`, `!x.host`, `o.data[`. */
function isInExpression(text: string, host: Host): boolean {
  const next = text[host.end] ?? ''
  const before = text[host.start - 1] ?? ''
  return (next !== '' && '=[&+{'.includes(next)) || (before !== '' && '=!&+{$'.includes(before))
}

function suffixLabels(suffix: string): number {
  let count = 1
  for (let i = 0; i < suffix.length; i++) if (suffix.charCodeAt(i) === 46) count++
  return count
}

/** `of the campaign.In 2023`: a capital behind the dot and a small letter before it. */
function isSentenceJoin(written: string, tld: string): boolean {
  if (!/^[A-Z][a-z]*$/.test(tld)) return false
  const before = written.slice(0, written.length - tld.length - 1)
  return /[a-z0-9]$/.test(before)
}

/** Whether a path behind a bare host may be read as part of a URL. */
export function isStrongHost(text: string, host: Host): boolean {
  return host.kind !== 'domain' || host.defanged || shapeDoubt(text, host) === null
}

/**
 * Whether labels joined by the spelled-out word `dot` name a host rather than prose (`the dot com bubble`).
 *
 * @param text whole text
 * @param run run with at least one spelled dot
 */
export function isSpelledHost(text: string, run: Run): boolean {
  const first = run.label(text, 0).toLowerCase()
  if (first.length < 3 || PROSE_WORDS.has(first)) return false
  const tld = run.label(text, run.count - 1)
  if (!/^[a-z]{2,}$|^[A-Z]{2,}$/.test(tld) || !isPublicTld(tld.toLowerCase())) return false
  const rest = text.slice(run.end, run.end + 16)
  if (/^ (?:bubble|boom|bust|era|crash|compan|start-?up|matri|notation|product|plot|pattern)/i.test(rest)) return false
  // One spelled dot alone must lead to a suffix that no English sentence has behind "dot".
  return run.count > 2 || DISTINCT_SUFFIXES.has(tld.toLowerCase())
}
