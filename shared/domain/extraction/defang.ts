import { isBlankAt, isLabelAt, WIDE, WIDE_DOT, WIDE_IGNORED, withoutIgnored } from './characters.ts'

/**
 * The ways in which writers break an indicator so that nobody follows it by accident: a dot, at sign, colon or slash in
 * brackets of any kind, as a word in brackets, or escaped; and schemes with letters changed.
 */

/** What a bracketed or escaped token stands for, and where it ends (exclusive). */
export interface DefangToken {
  symbol: string
  end: number
}

const WORDS: Readonly<Record<string, string>> = {
  '.': '.',
  ',': '.',
  '·': '.',
  '•': '.',
  '․': '.',
  '。': '.',
  '．': '.',
  '｡': '.',
  dot: '.',
  d0t: '.',
  punkt: '.',
  punto: '.',
  ponto: '.',
  point: '.',
  '@': '@',
  at: '@',
  ':': ':',
  colon: ':',
  '/': '/',
  slash: '/',
  '//': '//',
  '://': '://',
  ':/': ':/',
  ':\\\\': '://',
}
const LONGEST_WORD = 5

const CLOSERS: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}', '<': '>' }

/**
 * Reads one bracketed defanging token, such as `[.]`, `(dot)`, `{at}`, `[://]`, `[[.]]`, or `[.` before a label.
 *
 * @param text whole text
 * @param index offset of the opening bracket
 * @returns what it stands for, or null
 */
export function bracketTokenAt(text: string, index: number): DefangToken | null {
  const opener = text[index]!
  const closer = CLOSERS[opener]
  if (closer === undefined) return null
  let at = index + 1
  const doubled = text[at] === opener
  if (doubled) at++
  if (isBlankAt(text, at)) at++
  const from = at
  while (at - from <= LONGEST_WORD && at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 32 || code === 93 || code === 41 || code === 125 || code === 62 || code === 10) break
    at++
  }
  const closed = text[at] === closer || (isBlankAt(text, at) && text[at + 1] === closer)
  const anyCloser = closed || text[at] === ']' || text[at] === ')' || text[at] === '}'
  if (anyCloser && at > from) {
    let word = text.slice(from, at)
    if (word.length > 1 && word.endsWith('\\')) word = word.slice(0, -1)
    const symbol = WORDS[word] ?? WORDS[word.toLowerCase()]
    // Angle brackets hold placeholders and tags, so they count for the dot and the at sign alone.
    if (symbol !== undefined && (opener !== '<' || symbol === '.' || word.toLowerCase() === 'at')) {
      let end = isBlankAt(text, at) ? at + 2 : at + 1
      if (doubled && text[end] === closer) end++
      return { symbol, end }
    }
  }
  // `[.` without its other half: only for square and round brackets directly between labels.
  if (!doubled && (opener === '[' || opener === '(') && text[from] === '.' && isLabelAt(text, from + 1)) {
    return { symbol: '.', end: from + 1 }
  }
  return null
}

/** Offset after one dot at an index (plain or defanged), or -1; `defangedDot` tells which of the two. */
export function dotAt(text: string, index: number): number {
  defangedDot = false
  spelledDot = false
  const code = text.charCodeAt(index)
  if (code === 46) return plainDotAt(text, index)
  if (code === 91 || code === 40 || code === 123 || code === 60) {
    const token = bracketTokenAt(text, index)
    return token !== null && token.symbol === '.' ? afterDefangedDot(text, token.end) : -1
  }
  if (code === 92) return escapedDotAt(text, index)
  if (code === 32 || code === 9 || code === 0xa0 || code === 10 || code === 13) return spacedDotAt(text, index)
  if (code >= 128 && WIDE[code] === WIDE_DOT && isLabelAt(text, index + 1)) {
    // Between ASCII letters only: an ideographic full stop ends sentences everywhere else.
    if (text.charCodeAt(index - 1) >= 128 || text.charCodeAt(index + 1) >= 128) return -1
    defangedDot = true
    return index + 1
  }
  return -1
}

/** Whether the last `dotAt` met a defanged dot. */
export let defangedDot = false
/** Whether the last `dotAt` met the bare word `dot` between spaces. */
export let spelledDot = false

function plainDotAt(text: string, index: number): number {
  const next = text.charCodeAt(index + 1)
  // `evil.]com`, the right half of a broken pair
  if ((next === 93 || next === 41 || next === 125) && isLabelAt(text, index + 2)) {
    if (text.charCodeAt(index + 2) >= 128) return -1
    defangedDot = true
    return index + 2
  }
  if (next >= 128 && WIDE[next] === WIDE_IGNORED) return isLabelAt(text, index + 2) ? index + 1 : -1
  return isLabelAt(text, index + 1) ? index + 1 : -1
}

function escapedDotAt(text: string, index: number): number {
  const next = text.charCodeAt(index + 1)
  if (next === 46) {
    if (!isLabelAt(text, index + 2)) return -1
    defangedDot = true
    return index + 2
  }
  // Markdown writes the brackets themselves escaped: `\[.\]`
  if (next === 91) {
    const token = bracketTokenAt(text, index + 1)
    if (token !== null && token.symbol === '.') return afterDefangedDot(text, token.end)
  }
  return -1
}

function spacedDotAt(text: string, index: number): number {
  let at = index + 1
  if (isBlankAt(text, at)) at++
  const code = text.charCodeAt(at)
  if (code === 46) return looseDotAt(text, index, at)
  if (code === 91 || code === 40 || code === 123 || code === 60) {
    const token = bracketTokenAt(text, at)
    if (token === null || token.symbol !== '.') return -1
    // `word [.` without the other half is prose about the token, not a host.
    return token.end - at > 2 ? afterDefangedDot(text, token.end) : -1
  }
  if ((code | 32) === 100 && at === index + 1 && isBlankAt(text, index) && isBlankAt(text, at + 3)) {
    const word = text.slice(at, at + 3)
    if ((word === 'dot' || word === 'DOT') && isLabelAt(text, at + 4)) {
      defangedDot = true
      spelledDot = true
      return at + 4
    }
  }
  return -1
}

/** `5 . 39 . 222 . 150`, `evil . com`, `www.evil .com`: a plain dot set apart by single spaces. */
function looseDotAt(text: string, space: number, dot: number): number {
  if (dot !== space + 1 || !isBlankAt(text, space)) return -1
  const next = isBlankAt(text, dot + 1) ? dot + 2 : dot + 1
  if (!isLabelAt(text, next)) return -1
  defangedDot = true
  spelledDot = true
  return next
}

function afterDefangedDot(text: string, end: number): number {
  defangedDot = true
  if (isLabelAt(text, end)) return end
  // `evil[.] com`, or a line that ends after the dot
  let at = end
  if (text.charCodeAt(at) === 13) at++
  if (text.charCodeAt(at) === 10 || isBlankAt(text, at)) at++
  return at > end && isLabelAt(text, at) ? at : -1
}

/** Reads an at sign that ends a local part: `@`, `[at]`, `(@)`, ` [at] `, ` at ` (spelled); null when there is none. */
export function atSignAt(text: string, index: number): { end: number; defanged: boolean; spelled: boolean } | null {
  const code = text.charCodeAt(index)
  if (code === 64) {
    return { end: index + 1, defanged: false, spelled: false }
  }
  let at = index
  if (isBlankAt(text, at)) at++
  const opener = text.charCodeAt(at)
  if (opener === 91 || opener === 40 || opener === 123 || opener === 60) {
    const token = bracketTokenAt(text, at)
    if (token === null || token.symbol !== '@') return null
    return { end: isBlankAt(text, token.end) ? token.end + 1 : token.end, defanged: true, spelled: false }
  }
  if (at === index || (opener !== 64 && (opener | 32) !== 97)) return null
  if (opener === 64 && isBlankAt(text, at + 1)) return { end: at + 2, defanged: true, spelled: false }
  const word = text.slice(at, at + 2)
  if ((word === 'at' || word === 'AT') && isBlankAt(text, at + 2)) return { end: at + 3, defanged: true, spelled: true }
  return null
}

/** Offset after a colon (`:` or bracketed), or -1; sets nothing. */
export function colonAt(text: string, index: number): number {
  const code = text.charCodeAt(index)
  if (code === 58) return index + 1
  if (code !== 91 && code !== 40 && code !== 123) return -1
  const token = bracketTokenAt(text, index)
  return token !== null && token.symbol === ':' ? token.end : -1
}

/** Schemes as written, by their real name. Letters are compared without case. */
export const SCHEMES: Readonly<Record<string, string>> = {
  http: 'http',
  https: 'https',
  hxxp: 'http',
  hxxps: 'https',
  htxp: 'http',
  htxps: 'https',
  hxtp: 'http',
  hxtps: 'https',
  hxxxp: 'http',
  hxxxps: 'https',
  hzzp: 'http',
  hzzps: 'https',
  htttp: 'http',
  xxxp: 'http',
  xxxps: 'https',
  xxp: 'http',
  meow: 'http',
  meows: 'https',
  ftp: 'ftp',
  ftps: 'ftps',
  sftp: 'sftp',
  fxp: 'ftp',
  fxps: 'ftps',
  sfxp: 'sftp',
  tcp: 'tcp',
  udp: 'udp',
  ws: 'ws',
  wss: 'wss',
  wxs: 'ws',
  wxss: 'wss',
  ldap: 'ldap',
  ldaps: 'ldaps',
  rmi: 'rmi',
  dns: 'dns',
  smb: 'smb',
  ssh: 'ssh',
  telnet: 'telnet',
  rtsp: 'rtsp',
  socks5: 'socks5',
  socks4: 'socks4',
  socks: 'socks',
  irc: 'irc',
  ircs: 'ircs',
  mongodb: 'mongodb',
  redis: 'redis',
  mysql: 'mysql',
  stratum: 'stratum',
  'stratum+tcp': 'stratum+tcp',
  'stratum+ssl': 'stratum+ssl',
  gopher: 'gopher',
  git: 'git',
}

/** Schemes which only defanging writes. */
export function isDefangedScheme(written: string): boolean {
  const lower = written.toLowerCase()
  return SCHEMES[lower] !== undefined && SCHEMES[lower] !== lower
}

/** Replaces the defanging tokens in the part of a URL after its host. */
export function refangPath(part: string): string {
  let out = ''
  let from = 0
  for (let i = 0; i < part.length; i++) {
    const code = part.charCodeAt(i)
    if (code !== 91 && code !== 40 && code !== 123) continue
    const token = bracketTokenAt(part, i)
    if (token === null || (code === 40 && token.symbol === '@')) continue
    out += part.slice(from, i) + token.symbol
    from = token.end
    i = token.end - 1
  }
  return withoutIgnored(from === 0 ? part : out + part.slice(from))
}
