import { isIpv4Run } from './addresses.ts'
import {
  CLASS,
  classAt,
  DIGIT,
  HEX_LETTER,
  HYPHEN,
  isAlphanumericAt,
  isHexAt,
  isLabelAt,
  JOINER,
  LABEL,
  LETTER,
  OPENER,
  OTHER_LETTER,
  UNDERSCORE,
  WIDE,
  WIDE_SPACED,
  WIDE_UNSPACED,
} from './characters.ts'
import { addColonGroups, addSsdeep } from './colons.ts'
import { colonAt } from './defang.ts'
import { isSpelledHost, isStrongHost } from './host-shape.ts'
import { addHeaderAgent, addMozillaAgent, addMutexCall, addMutexes, addSerials, addYaraRule } from './labelled.ts'
import { addBareHost, addEmail, addHost, addIpv4Range, hostOf, mayBeHost } from './network.ts'
import {
  addBackslashPath,
  addDrivePath,
  addHomePath,
  addObjectName,
  addRegistryKey,
  addUnixPath,
  addVariablePath,
} from './paths.ts'
import { type Candidate, Scan } from './scan.ts'
import { addUrl, schemeAt } from './urls.ts'
import { addAsn, addCves, addDottedMac, addHyphenMac, addSegments, isCveWord } from './words.ts'

/**
 * Finds everything that has the shape of an indicator in one pass.
 *
 * The text is read as words (maximal runs of letters, digits, hyphens and underscores). Most words are letters with a
 * space behind them and cost one table look-up a character. A word that something can be joined to (a dot, a bracket, a
 * colon, a slash, an at sign, a backslash) is read again as a run of labels and handed to the reader that its
 * surroundings call for; other characters (`%`, `/`, `\`, …) open paths. Every reader either consumes what it has read or
 * looks a bounded distance ahead, so the work is linear in the length of the text.
 *
 * @param text any text; offsets are UTF-16 code units into it
 * @returns mentions in the order found: a mention that contains another comes directly before it
 */
export function scanText(text: string): Candidate[] {
  const scan = new Scan(text)
  const length = text.length
  let at = 0
  while (at < length) {
    const code = text.charCodeAt(at)
    if (code >= 128) {
      const wide = WIDE[code]
      at = wide === WIDE_SPACED || wide === WIDE_UNSPACED ? readRun(scan, at) : at + 1
      continue
    }
    const bits = CLASS[code]!
    if ((bits & LABEL) === 0) {
      at = (bits & OPENER) === 0 ? at + 1 : readOpener(scan, at, code)
      continue
    }
    let mask = bits
    let end = at + 1
    let next = text.charCodeAt(end)
    while (next < 128 && (CLASS[next]! & LABEL) !== 0) {
      mask |= CLASS[next]!
      next = text.charCodeAt(++end)
    }
    if (next < 128 ? (CLASS[next]! & JOINER) !== 0 : WIDE[next]! !== 0) at = readRun(scan, at)
    else if ((next === 32 || next === 10) && joinsAcrossSpace(text, end)) at = readRun(scan, at)
    else if ((mask & DIGIT) !== 0) at = readDigitWord(scan, at, end, mask)
    else at = readPlainWord(scan, at, end, mask)
  }
  return scan.found
}

/** Whether a defanged dot or at sign, or the words for them, stand behind a single space. */
function joinsAcrossSpace(text: string, space: number): boolean {
  const code = text.charCodeAt(space + 1)
  if (code === 91 || code === 40 || code === 123) {
    const inner = text.charCodeAt(space + 2)
    return inner === 46 || inner === 64 || inner === 91 || inner === 32 || (inner | 32) === 100 || (inner | 32) === 97
  }
  if (code === 64) return text.charCodeAt(space + 2) === 32
  // `evil . com`, `www.evil .com`
  if (code === 46) return isLabelAt(text, space + 2) || text.charCodeAt(space + 2) === 32
  if (code === 60) return (text.charCodeAt(space + 2) | 32) === 97 || (text.charCodeAt(space + 2) | 32) === 100
  const lower = code | 32
  if (lower === 100) {
    return (
      (text.charCodeAt(space + 2) | 32) === 111 &&
      (text.charCodeAt(space + 3) | 32) === 116 &&
      text.charCodeAt(space + 4) === 32
    )
  }
  return lower === 97 && (text.charCodeAt(space + 2) | 32) === 116 && text.charCodeAt(space + 3) === 32
}

/** A word with digits that nothing is joined to. */
function readDigitWord(scan: Scan, start: number, end: number, mask: number): number {
  const length = end - start
  const first = scan.text.charCodeAt(start) | 32
  if (length >= 26) {
    const before = scan.found.length
    addSegments(scan, start, end)
    if (scan.found.length > before) return end
  }
  if (length > 6 && first === 99 && (mask & (HYPHEN | UNDERSCORE)) !== 0) return addCves(scan, start, end)
  if (first === 97 && length > 3 && length < 14) {
    const stop = addAsn(scan, start, end)
    if (stop > 0) return stop
  }
  if (length === 17 && (mask & OTHER_LETTER) === 0 && (mask & HYPHEN) !== 0) addHyphenMac(scan, start, end)
  return end
}

/** A word without digits that nothing is joined to: only words that introduce something matter. */
function readPlainWord(scan: Scan, start: number, end: number, mask: number): number {
  const { text } = scan
  const length = end - start
  const first = text.charCodeAt(start) | 32
  // `h**p://`
  if (length === 1) return first === 104 && text.charCodeAt(end) === 42 ? readRun(scan, start) : end
  if (length > 12) return end
  if (first === 114) {
    if (length === 4 && text.startsWith('rule', start)) {
      const stop = addYaraRule(scan, end)
      if (stop > 0) return stop
    }
  } else if (first === 109) {
    if (length >= 5 && length <= 7 && /^mut(?:ex(?:es)?|ants?)$/i.test(text.slice(start, end)))
      addMutexes(scan, start, end)
  } else if (first === 115) {
    if (length >= 6 && length <= 13 && /^serials?(?:number)?s?$/i.test(text.slice(start, end))) {
      const stop = addSerials(scan, end)
      if (stop > 0) return stop
    }
  } else if (first === 97) {
    if (length <= 3 && text.charCodeAt(start) === 65 && text.charCodeAt(start + 1) === 83) {
      const stop = addAsn(scan, start, end)
      if (stop > 0) return stop
    }
  } else if (first === 117 && length === 10 && (mask & (HYPHEN | UNDERSCORE)) !== 0) {
    return readAgentHeader(scan, start, end)
  } else if (first === 99 && text.charCodeAt(end) >= 0x2010 && isCveWord(text, start, end)) {
    return Math.max(end, addCves(scan, start, Math.min(text.length, end + 15)))
  }
  return end
}

function readAgentHeader(scan: Scan, start: number, end: number): number {
  if (!/^user[-_]agents?$/i.test(scan.text.slice(start, end))) return end
  const stop = addHeaderAgent(scan, start, end)
  return stop > 0 ? stop : end
}

/** A run of labels that something is joined to. */
function readRun(scan: Scan, start: number): number {
  const { text, run } = scan
  const end = run.scan(text, start)
  if (end === start) return start + 1
  const after = text.charCodeAt(end)
  const last = run.count - 1

  if (after === 58 || after === 91 || after === 40 || after === 123 || after === 42) {
    const stop = readScheme(scan, last, end, after)
    if (stop > 0) return stop
  }
  if (after === 64 || after === 91 || after === 40 || after === 123 || after === 60 || after === 32) {
    const stop = addEmail(scan)
    if (stop > 0) return stop
  }
  if (run.count === 1) return readSingle(scan, start, end, after)

  if (run.spelled) {
    const host = isIpv4Run(text, run) || isSpelledHost(text, run) ? hostOf(text, run) : null
    if (host === null) return readUnspelled(scan, start)
    addHost(scan, host, 'own')
    return host.end
  }
  if (mayBeHost(run) && !isPathPart(text, start, run.defanged)) {
    const host = hostOf(text, run)
    if (host !== null) {
      const stop = addBareHost(scan, host, isStrongHost(text, host))
      // What is left of a run behind a host that was cut out of it is read by itself.
      return Math.max(stop, host.end)
    }
  }
  if ((run.mask & DIGIT) === 0) return readTail(scan, last, end, after)
  if ((run.mask & HYPHEN) !== 0) {
    const stop = addIpv4Range(scan)
    if (stop > 0) return stop
  }
  if (end - start >= 26) addSegments(scan, start, end)
  if ((run.mask & (HYPHEN | UNDERSCORE)) !== 0 && end - start > 12) addCves(scan, start, end)
  if (run.count === 3 && addDottedMac(scan, start, end)) return end
  return readTail(scan, last, end, after)
}

/** Reads the run again that words or spaces between its labels had joined by mistake. */
function readUnspelled(scan: Scan, start: number): number {
  const { run } = scan
  // Up to the first label that a spelled dot leads to
  let label = 1
  while (label < run.count && run.dotSpelled[label] === 0) label++
  if (label === 1) return run.labelEnd[0]!
  run.cut(label)
  if (mayBeHost(run) && !isPathPart(scan.text, start, run.defanged)) {
    const host = hostOf(scan.text, run)
    if (host !== null) return Math.max(addBareHost(scan, host, isStrongHost(scan.text, host)), host.end)
  }
  return run.end
}

/** `…end of a sentence.HKLM\…`: the last label of a run can open what follows it. */
function readTail(scan: Scan, last: number, end: number, after: number): number {
  if (after !== 92) return end
  const stop = addRegistryKey(scan, scan.run.labelStart[last]!, end)
  return stop > 0 ? stop : end
}

/** Whether a run is an element of a path, a detection name or an account (`Win32/Agent.DE`, `DOMAIN\first.last`). */
function isPathPart(text: string, start: number, defanged: boolean): boolean {
  if (defanged || start === 0) return false
  const before = text.charCodeAt(start - 1)
  if (before === 92) return true
  if (before === 47) return start > 1 && (isLabelAt(text, start - 2) || text.charCodeAt(start - 2) === 46)
  return before === 64
}

function readScheme(scan: Scan, last: number, end: number, after: number): number {
  const { text, run } = scan
  const from = run.labelStart[last]!
  if (after === 42) {
    // `h**p://`
    if (
      end - from !== 1 ||
      (text.charCodeAt(from) | 32) !== 104 ||
      !/^\*\*ps?$/i.test(text.slice(end, end + 4).split(':')[0]!)
    ) {
      return -1
    }
    const wordEnd = (text.charCodeAt(end + 3) | 32) === 115 ? end + 4 : end + 3
    if (!text.startsWith('://', wordEnd)) return -1
    const name = wordEnd === end + 4 ? 'https' : 'http'
    return addUrl(scan, { name, start: from, end: wordEnd + 3, defanged: true })
  }
  // What can follow a scheme: `://`, `:[//]`, `:\\\\`, `[:]`, `[s]`
  const next = text.charCodeAt(end + 1)
  const mayOpen =
    after === 58
      ? next === 47 || next === 92 || next === 91 || next === 40
      : next === 58 || next === 32 || next === 47 || (next | 32) === 115 || next === after || (next | 32) === 99
  if (!mayOpen) return -1
  const scheme = schemeAt(text, from, end)
  return scheme === null ? -1 : finishUrl(scan, addUrl(scan, scheme))
}

/** Hashes and CVE ids inside a URL are indicators of their own. */
function finishUrl(scan: Scan, end: number): number {
  if (end < 0) return -1
  for (let i = scan.found.length - 1; i >= 0; i--) {
    const candidate = scan.found[i]!
    if (candidate.type !== 'url') continue
    if (candidate.end - candidate.start >= 20) {
      addSegments(scan, candidate.start, candidate.end)
      addCves(scan, candidate.start, candidate.end)
    }
    break
  }
  return end
}

/** A run of one label, by the character behind it. */
function readSingle(scan: Scan, start: number, end: number, after: number): number {
  const { text, run } = scan
  const mask = run.mask
  const length = end - start
  if (after === 92) {
    const key = addRegistryKey(scan, start, end)
    if (key > 0) return key
    const name = addObjectName(scan, start, end)
    if (name > 0) return name
  } else if (after === 58 || after === 91) {
    if (after === 58 && length === 1 && (mask & LETTER) !== 0 && !isAlphanumericAt(text, start - 1)) {
      const path = addDrivePath(scan, start)
      if (path > 0) return path
    }
    if (after === 58 && (mask & ~DIGIT) === 0) {
      const hash = addSsdeep(scan, start, end)
      if (hash > 0) return hash
    }
    if (length <= 4 && (mask & ~(DIGIT | HEX_LETTER)) === 0) {
      const colon = colonAt(text, end)
      if (colon > 0 && (isHexAt(text, colon) || colonAt(text, colon) > 0)) {
        const groups = addColonGroups(scan, start)
        if (groups > 0) return groups
      }
    }
    if (after === 58 && length === 4) {
      const key = addRegistryKey(scan, start, end)
      if (key > 0) return key
    }
    if (after === 58 && length === 10) return readAgentHeader(scan, start, end)
  } else if (after === 47 && length === 7 && text.startsWith('Mozilla', start)) {
    const agent = addMozillaAgent(scan, start)
    if (agent > 0) return agent
  } else if (after === 40 && length >= 9 && length <= 16 && /^(?:Create|Open)Mutex/.test(text.slice(start, end))) {
    addMutexCall(scan, end)
  }
  if ((mask & DIGIT) !== 0) return readDigitWord(scan, start, end, mask)
  return length === 1 ? end : readPlainWord(scan, start, end, mask)
}

/** A character that opens a path or an address where no word precedes it. */
function readOpener(scan: Scan, at: number, code: number): number {
  const { text } = scan
  let end = -1
  if (code === 37) end = addVariablePath(scan, at)
  else if (code === 92) end = addBackslashPath(scan, at)
  else if (code === 47) end = addUnixPath(scan, at)
  else if (code === 36 || code === 126) end = addHomePath(scan, at)
  else if (code === 58) {
    // `::1`, `::ffff:192.0.2.1`
    const doubled = text.charCodeAt(at + 1) === 58
    if (doubled && isHexAt(text, at + 2) && !isLabelAt(text, at - 1) && classAt(text, at - 1) !== JOINER) {
      end = addColonGroups(scan, at)
    }
  }
  return end > at ? end : at + 1
}
