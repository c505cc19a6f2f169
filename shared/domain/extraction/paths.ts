import { CLASS, classAt, isAlphanumericAt, isBlankAt, isLineEndAt, LABEL, LETTER } from './characters.ts'
import { HIVES, UNIX_ROOTS } from './data/paths.ts'
import type { Scan } from './scan.ts'
import { LONGEST_PATH, unescapePath, windowsPathEnd } from './windows-names.ts'

/** File paths, registry keys and kernel object names. */

/** `C:\…`, with the drive letter at `start` and the colon behind it. */
export function addDrivePath(scan: Scan, start: number): number {
  const { text } = scan
  const slash = text.charCodeAt(start + 2)
  if (slash !== 92 && slash !== 47) return -1
  if (slash === 47) return addForwardDrivePath(scan, start)
  const end = windowsPathEnd(scan, start, start + 3, false)
  if (end <= start + 3 || !hasName(text, start + 3, end)) return -1
  scan.add('file-path', unescapePath(text.slice(start, end)), start, end)
  return end
}

/** `C:/Users/…`, as programs ported from Unix print it. */
function addForwardDrivePath(scan: Scan, start: number): number {
  const { text } = scan
  if ((classAt(text, start + 3) & LETTER) === 0) return -1
  const end = unixPathEnd(text, start + 2)
  if (end - start < 6) return -1
  scan.add('file-path', text.slice(start, end), start, end)
  return end
}

/** Whether a name of two characters or more is in a path; `d:\\d\\s` is a pattern, not a path. */
function hasName(text: string, from: number, to: number): boolean {
  let length = 0
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    const isName =
      code >= 128 || (CLASS[code]! & LABEL) !== 0 || code === 37 || code === 60 || code === 46 || code === 36
    length = isName ? length + 1 : 0
    if (length > 1) return true
  }
  return false
}

/** `%APPDATA%\…`, with the percent sign at `start`. */
export function addVariablePath(scan: Scan, start: number): number {
  const { text } = scan
  let at = start + 1
  while (at - start < 34 && ((classAt(text, at) & LABEL) !== 0 || text[at] === '(' || text[at] === ')')) at++
  if (text.charCodeAt(at) !== 37 || at - start < 3) return -1
  const next = text.charCodeAt(at + 1)
  if (next !== 92 && next !== 47 && (classAt(text, at + 1) & LETTER) === 0) return -1
  if (next === 47) {
    const end = unixPathEnd(text, at + 1)
    if (end <= at + 2) return -1
    scan.add('file-path', text.slice(start, end), start, end)
    return end
  }
  const end = windowsPathEnd(scan, start, at + 1, false)
  const path = text.slice(start, end)
  // `%20name` of an encoded URL or `%s%d` of a format string has no backslash.
  if (end <= at + 2 || !path.includes('\\')) return -1
  scan.add('file-path', unescapePath(path), start, end)
  return end
}

/** `\\host\share`, `\\.\pipe\name`, `\SystemRoot\…`, `\Device\…`, `\??\C:\…`, with the first backslash at `start`. */
export function addBackslashPath(scan: Scan, start: number): number {
  const { text } = scan
  let at = start + 1
  const before = text.charCodeAt(start - 1)
  if (start > 0 && (before === 92 || (classAt(text, start - 1) & LABEL) !== 0)) return -1
  const doubled = text.charCodeAt(at) === 92
  if (doubled) {
    at++
    const hostFrom = at
    while (at - hostFrom < 255 && isShareHost(text, at)) at++
    if (at === hostFrom || text.charCodeAt(at) !== 92 || !isShare(text, text.slice(hostFrom, at), at + 1)) return -1
  } else {
    const nameFrom = at
    while (at - nameFrom < 24 && ((classAt(text, at) & LABEL) !== 0 || text[at] === '?')) at++
    if (text.charCodeAt(at) !== 92 || !KERNEL_ROOTS.has(text.slice(nameFrom, at).toLowerCase())) return -1
    if (text.slice(nameFrom, at).toLowerCase() === 'registry') return addNativeKey(scan, start, at + 1)
    if (text.slice(nameFrom, at) === '??' && !/^(?:[A-Za-z]:\\|UNC\\|Volume)/.test(text.slice(at + 1, at + 8)))
      return -1
    if (text.charCodeAt(at + 2) === 58) at += 2
  }
  const end = windowsPathEnd(scan, start, at + 1, false)
  if (end <= at + 1) return -1
  const path = text.slice(start, end)
  scan.add('file-path', doubled ? `\\\\${unescapePath(path.slice(2))}` : unescapePath(path), start, end)
  return end
}

const KERNEL_ROOTS = new Set(['systemroot', 'device', '??', 'registry', 'windows', 'users', 'programdata', 'appdata'])

function isShareHost(text: string, index: number): boolean {
  if ((classAt(text, index) & LABEL) !== 0) return true
  const code = text.charCodeAt(index)
  return code === 46 || code === 63 || code === 36 || code === 37
}

/** Whether a host is followed by a share; the device spaces `.` and `?` have names of their own behind them. */
function isShare(text: string, host: string, from: number): boolean {
  const head = text.slice(from, from + 8)
  if (host === '?') return /^(?:[A-Za-z]:\\|UNC\\|Volume\{|GLOBALRO)/.test(head)
  return /[A-Za-z0-9]/.test(host) || host === '.' ? /^(?:[A-Za-z0-9%_-]{2}|[A-Za-z]\$|\$|<)/.test(head) : false
}

/** `\REGISTRY\MACHINE\…` of kernel traces. */
function addNativeKey(scan: Scan, start: number, from: number): number {
  const { text } = scan
  const root = text.slice(from, from + 8).toUpperCase()
  const hive = root.startsWith('MACHINE\\') ? 'HKEY_LOCAL_MACHINE' : root.startsWith('USER\\') ? 'HKEY_USERS' : null
  if (hive === null) return -1
  const bodyFrom = from + (hive === 'HKEY_USERS' ? 5 : 8)
  const end = windowsPathEnd(scan, start, bodyFrom, true)
  if (end <= bodyFrom) return -1
  scan.add('registry-key', `${hive}\\${unescapePath(text.slice(bodyFrom, end))}`, start, end)
  return end
}

/**
 * `HKLM\…`, `HKEY_LOCAL_MACHINE\…` or `HKCU:\…`: a word that names a hive, with what follows it.
 *
 * @param start offset of the word
 * @param wordEnd offset behind the word
 * @returns offset behind the key, or -1
 */
export function addRegistryKey(scan: Scan, start: number, wordEnd: number): number {
  const { text } = scan
  const hive = HIVES[text.slice(start, wordEnd).toUpperCase()]
  if (hive === undefined) return -1
  let at = wordEnd
  if (text.charCodeAt(at) === 58) at++
  if (text.charCodeAt(at) !== 92) return -1
  at++
  if (text.charCodeAt(at) === 92) at++
  const end = windowsPathEnd(scan, start, at, true)
  if (end <= at) return -1
  let body = unescapePath(text.slice(at, end))
  if (body.endsWith('\\')) body = body.slice(0, -1)
  scan.add('registry-key', `${hive}\\${body}`, start, end)
  return end
}

/** `Global\name` and `Local\name`: names of kernel objects, by far most often of mutexes. */
export function addObjectName(scan: Scan, start: number, wordEnd: number): number {
  const { text } = scan
  const space = text.slice(start, wordEnd)
  if (space !== 'Global' && space !== 'Local' && space !== 'BaseNamedObjects') return -1
  let at = wordEnd + 1
  if (text.charCodeAt(at) === 92) at++
  const from = at
  while (at - from < 200 && isObjectNameAt(text, at)) at++
  while (at > from && (text[at - 1] === '.' || text[at - 1] === '+' || text[at - 1] === ')')) at--
  const name = text.slice(from, at)
  // `Local\Temp\…` and `Local\Microsoft\…` are ends of AppData paths.
  if (name.length < 2 || text.charCodeAt(at) === 92) return -1
  if (space === 'Local' && !name.includes('{') && isProfileFolder(name)) return -1
  scan.add('mutex', `${space}\\${name}`, start, at)
  return at
}

const PROFILE_FOLDERS = new Set(['temp', 'microsoft', 'google', 'packages', 'programs', 'application data', 'low'])
function isProfileFolder(name: string): boolean {
  return PROFILE_FOLDERS.has(name.toLowerCase())
}

function isObjectNameAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  if (code >= 128) return !isLineEndAt(text, index) && code < 0x2000 && code !== 0xa0
  return (CLASS[code]! & LABEL) !== 0 || (code > 32 && !'"\'`,;<>|\\[]'.includes(text[index]!))
}

/** Unix path with the slash at `start`; its first folder must be one that systems have. */
export function addUnixPath(scan: Scan, start: number): number {
  const { text } = scan
  if (start > 0) {
    const before = text.charCodeAt(start - 1)
    if (isAlphanumericAt(text, start - 1) || before >= 128) return -1
    if (
      !isBlankAt(text, start - 1) &&
      !isLineEndAt(text, start - 1) &&
      !'`"\'([{<>|=+*:,;#!'.includes(text[start - 1]!)
    ) {
      return -1
    }
  }
  let at = start + 1
  while (at - start < 16 && isAlphanumericAt(text, at)) at++
  if (text.charCodeAt(at) !== 47 || !UNIX_ROOTS.has(text.slice(start + 1, at))) return -1
  const end = unixPathEnd(text, start)
  if (end <= at + 1) return -1
  scan.add('file-path', text.slice(start, end), start, end)
  return end
}

/** `$HOME/…`, `${HOME}/…`, `$env:APPDATA\…`, `~/…`, with the sign at `start`. */
export function addHomePath(scan: Scan, start: number): number {
  const { text } = scan
  let at = start + 1
  if (text[start] === '$') {
    const braced = text[at] === '{'
    if (braced) at++
    const nameFrom = at
    while (at - nameFrom < 32 && ((classAt(text, at) & LABEL) !== 0 || text[at] === ':')) at++
    if (at === nameFrom) return -1
    const name = text.slice(nameFrom, at)
    if (braced) {
      if (text[at] !== '}') return -1
      at++
    }
    if (text[at] === '\\' && /^env:/i.test(name)) {
      const end = windowsPathEnd(scan, start, at + 1, false)
      if (end <= at + 1) return -1
      scan.add('file-path', unescapePath(text.slice(start, end)), start, end)
      return end
    }
    if (!/^(?:HOME|TMPDIR|PWD|ORIGIN|XDG_[A-Z_]+)$/.test(name)) return -1
  } else if (
    start > 0 &&
    !isBlankAt(text, start - 1) &&
    !isLineEndAt(text, start - 1) &&
    !'`"\'(|=+'.includes(text[start - 1]!)
  ) {
    return -1
  }
  if (text[at] !== '/' || !isUnixName(text, at + 1)) return -1
  const end = unixPathEnd(text, at)
  if (end <= at + 1) return -1
  scan.add('file-path', text.slice(start, end), start, end)
  return end
}

function isUnixName(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  if (code >= 128) return code < 0x2000 && code > 0xa0
  return (
    (CLASS[code]! & LABEL) !== 0 ||
    code === 46 ||
    code === 43 ||
    code === 64 ||
    code === 37 ||
    code === 126 ||
    code === 36
  )
}

function unixPathEnd(text: string, start: number): number {
  let at = start
  while (at - start < LONGEST_PATH && (text.charCodeAt(at) === 47 || isUnixName(text, at) || isWild(text, at))) at++
  let end = at
  while (end > start) {
    const code = text.charCodeAt(end - 1)
    if (code !== 46 && code !== 43 && code !== 42 && code !== 126) break
    end--
  }
  return end
}

/** `*` inside a name, and escaped or bracketed parts such as `{a,b}`, `<user>` are left out on purpose. */
function isWild(text: string, index: number): boolean {
  return text.charCodeAt(index) === 42 && isUnixName(text, index + 1)
}
