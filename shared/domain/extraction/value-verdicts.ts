import { isAlphanumericAt } from './characters.ts'
import { type Context, SECTION_FILES, SECTION_INDICATORS, SECTION_KEYS } from './context.ts'
import { COMMON_UNIX_PREFIXES, WINDOWS_PROGRAMS, WINDOWS_SYSTEM_FOLDERS } from './data/paths.ts'
import { KNOWN_VALUES, RESERVED_AS_NUMBERS } from './data/values.ts'
import type { Candidate } from './scan.ts'
import type { Suppression } from './types.ts'

/** Verdicts on values that name no host: hashes, paths, AS numbers. */

const COMMIT: Suppression = { reason: 'commit id of a version control system', list: 'commit-id' }
const KEY_MATERIAL: Suppression = { reason: 'key material by the heading of its section', list: 'key-material' }
const IMAGE_DIGEST: Suppression = { reason: 'digest of a container image or package', list: 'package-digest' }
const TORRENT: Suppression = { reason: 'info hash of a torrent, not of a file', list: 'torrent-hash' }
const PATTERNED: Suppression = { reason: 'patterned example value', list: 'example-value' }
const COMMON_PATH: Suppression = { reason: 'path that most systems have', list: 'common-path' }
const SYSTEM_PROGRAM: Suppression = { reason: 'program that ships with Windows', list: 'common-path' }

const COMMIT_PATH = /\/(?:commits?|blob|tree|raw|blame|compare|archive)\/$|\.\.\.?$/
const COMMIT_WORD =
  /\b(?:commits?|revision|changeset|cherry[- ]?pick(?:ed)?(?: from)?|merge|reverts?|rev|tree|parent|tag|git)[ :=("'`@#]{1,3}$/

const HARMLESS_SERVICES = new Set(['shared-service', 'top-site', 'developer-site', 'url-shortener'])

/**
 * Why a hash is probably none of a malicious file.
 *
 * @param url the last URL before or around it
 */
export function hashVerdict(context: Context, candidate: Candidate, url: Candidate | null): Suppression | null {
  const { text } = context
  const known = KNOWN_VALUES.get(candidate.value)
  if (known !== undefined) return known
  if (isPatterned(candidate.value)) return PATTERNED
  const { start } = candidate
  if ((context.sectionAt(start) & SECTION_KEYS) !== 0) return KEY_MATERIAL
  const isInUrl = url !== null && start < url.end
  // What a link to a harmless service has in its path is no file.
  if (isInUrl && url.suppressed !== null && HARMLESS_SERVICES.has(url.suppressed.list)) return url.suppressed
  if (candidate.type !== 'sha1' && candidate.type !== 'sha256') return null
  if (!isInUrl && !followsWord(text, start)) return null
  const before = text.slice(Math.max(0, start - 24), start).toLowerCase()
  if (COMMIT_PATH.test(before)) return isInUrl && !/git|bitbucket|sourceforge/.test(url.value) ? null : COMMIT
  if (isInUrl) return null
  if (COMMIT_WORD.test(before)) return COMMIT
  if (before.endsWith('btih:') || before.endsWith('btih[:]')) return TORRENT
  return /@sha256:$|digest:? ?sha256:$/.test(before) ? IMAGE_DIGEST : null
}

/** Why a path identifies nothing: most systems have it. */
export function pathVerdict(context: Context, candidate: Candidate): Suppression | null {
  const path = candidate.value.toLowerCase()
  if (path.includes('\\')) {
    const folder = WINDOWS_SYSTEM_FOLDERS.find((prefix) => path.startsWith(prefix))
    if (folder !== undefined) {
      const name = path.slice(folder.length)
      if (name === '' || WINDOWS_PROGRAMS.has(name) || /^windowspowershell\\v1\.0\\(?:powershell\.exe)?$/.test(name)) {
        return SYSTEM_PROGRAM
      }
    }
    return isCommonFolder(path) ? COMMON_PATH : null
  }
  if (!COMMON_UNIX_PREFIXES.some((prefix) => path.startsWith(prefix)) && !COMMON_UNIX_FOLDER.test(path)) return null
  const kinds = context.sectionAt(candidate.start)
  const listed = (kinds & (SECTION_INDICATORS | SECTION_FILES)) !== 0 && context.isItem(candidate.start, candidate.end)
  return listed && !path.startsWith('/dev/null') ? null : COMMON_PATH
}

const AS_PRODUCTS = new Set([400, 9100, 9110, 9120])

/** Why an AS number belongs to nobody. */
export function asnVerdict(number: number): Suppression | null {
  if (AS_PRODUCTS.has(number)) return { reason: 'name of a product or standard (AS/400, AS9100)', list: 'product-name' }
  for (const range of RESERVED_AS_NUMBERS) {
    if (number >= range.from && number <= range.to) return { reason: range.reason, list: 'reserved-asn' }
  }
  return null
}

const COMMON_FOLDER =
  /^(?:[a-z]:\\(?:windows(?:\\(?:temp|system32|syswow64|system32\\drivers|system32\\tasks|tasks|fonts|inf|logs|prefetch))?|program files(?: \(x86\))?|programdata|users(?:\\(?:public|[^\\]*user[^\\]*|<[^>]*>|\[[^\]]*\]|default|administrator|admin))?(?:\\(?:desktop|documents|downloads|appdata(?:\\(?:local|roaming|locallow)(?:\\temp)?)?))?|temp|tmp|perflogs|inetpub(?:\\wwwroot)?|recovery)?|%[a-z0-9_()]+%(?:\\(?:system32|syswow64|temp|drivers|system32\\drivers|microsoft|local|roaming))?)\\?$/

/** One digit over and over, or digits counted up: `ffff…`, `0123456789abcdef…`. */
function isPatterned(hex: string): boolean {
  let patterned = 0
  for (let i = 1; i < hex.length; i++) {
    const step = hex.charCodeAt(i) - hex.charCodeAt(i - 1)
    // '9' to 'a' is a step of 40 - 1, 'f' to '0' the way back.
    if (step === 0 || step === 1 || step === 40 || step === -54) patterned++
    if (i === 8 && patterned < 6) return false
  }
  return patterned > (hex.length - 1) * 0.85
}

/** Whether a word stands directly before an offset, at most three separators away. */
function followsWord(text: string, start: number): boolean {
  for (let at = start - 1; at >= 0 && start - at <= 4; at--) {
    const code = text.charCodeAt(at)
    if (isAlphanumericAt(text, at)) return true
    if (code === 10 || code === 124) return false
  }
  return false
}

const COMMON_UNIX_FOLDER =
  /^\/(?:tmp|var|opt|home|root|mnt|media|srv|dev|run|snap|users|applications|library)(?:\/(?:tmp|bin|sbin|man|lib|etc|shm|library|fonts|launchagents|launchdaemons|application support))?\/?$/

/** A folder that every Windows system has, without a name of its own in it. */
function isCommonFolder(path: string): boolean {
  return path.length < 80 && COMMON_FOLDER.test(path)
}
