import { formatIpv6, parseIpv6 } from './addresses.ts'
import { isBlankAt, isLabelAt } from './characters.ts'
import { bracketTokenAt, colonAt, isDefangedScheme, refangPath, SCHEMES } from './defang.ts'
import { addHost, type Host, hostOf, portAt } from './network.ts'
import type { Scan } from './scan.ts'
import { tailEnd } from './url-tail.ts'

/** A scheme as found, with its real name and the offset behind `://`. */
interface Scheme {
  name: string
  start: number
  end: number
  defanged: boolean
}

/** Web schemes are recognised behind a word that stuck to them (`Accesshttps://…`, a lost table cell). */
const WEB_SCHEME_TAIL = /(?:https|http|hxxps|hxxp|ftp)$/i

/**
 * Reads a scheme whose name ends at an offset, with its colon and slashes.
 *
 * @param text whole text
 * @param from offset of the word's first character
 * @param to offset behind the word's last character
 * @returns the scheme, or null when the word is none or no `://` follows in any of its defanged forms
 */
export function schemeAt(text: string, from: number, to: number): Scheme | null {
  let start = from
  let name: string | undefined
  let defanged = false
  if (to - from <= 11) {
    const written = text.slice(from, to).toLowerCase()
    name = SCHEMES[written]
    defanged = isDefangedScheme(written)
  }
  if (name === undefined) {
    const tail = WEB_SCHEME_TAIL.exec(text.slice(Math.max(from, to - 5), to))
    if (tail === null) return null
    start = to - tail[0].length
    name = SCHEMES[tail[0].toLowerCase()]!
    defanged = isDefangedScheme(tail[0])
  }
  let at = to
  // `http[s]://`, `hxxp(s)://`
  const optional = text.slice(at, at + 3).toLowerCase()
  if ((name === 'http' || name === 'ftp') && (optional === '[s]' || optional === '(s)')) {
    name += 's'
    defanged = true
    at += 3
  }
  const token = bracketTokenAt(text, at)
  if (token !== null && token.symbol === '://') return { name, start, end: token.end, defanged: true }
  if (token !== null && token.symbol === ':/') {
    return text.charCodeAt(token.end) === 47 ? { name, start, end: token.end + 1, defanged: true } : null
  }
  const colon = colonAt(text, at)
  if (colon < 0) return null
  if (colon > at + 1) defanged = true
  at = colon
  if (text.startsWith('//', at)) return { name, start, end: at + 2, defanged }
  const slashes = bracketTokenAt(text, at)
  if (slashes !== null && slashes.symbol === '//') return { name, start, end: slashes.end, defanged: true }
  if (slashes !== null && slashes.symbol === '/') {
    if (text.charCodeAt(slashes.end) === 47) return { name, start, end: slashes.end + 1, defanged: true }
    const second = bracketTokenAt(text, slashes.end)
    return second !== null && second.symbol === '/' ? { name, start, end: second.end, defanged: true } : null
  }
  if (defanged && text.startsWith('\\\\', at)) return { name, start, end: at + 2, defanged }
  // Escaped slashes of JSON and JavaScript: http:\/\/
  if (text.startsWith('\\/\\/', at)) return { name, start, end: at + 4, defanged }
  return null
}

/**
 * Records the URL behind a scheme and the host in it.
 *
 * @returns offset behind the URL, or -1 when no host follows
 */
export function addUrl(scan: Scan, scheme: Scheme): number {
  const { text, ahead } = scan
  let at = scheme.end
  if (scheme.defanged && isBlankAt(text, at)) at++
  let userInfo = ''
  const userEnd = userInfoEnd(text, at)
  if (userEnd > at) {
    userInfo = `${refangPath(text.slice(at, userEnd - 1))}@`
    at = userEnd
  }
  let host: Host | null = null
  let hostText: string
  let hostEnd: number
  let address: string | null = null
  let defanged = scheme.defanged
  if (text.charCodeAt(at) === 91) {
    const close = text.slice(at, at + 48).indexOf(']')
    const groups = close > 0 ? parseIpv6(text.slice(at + 1, at + close)) : null
    if (groups === null) return -1
    address = formatIpv6(groups)
    hostText = `[${address}]`
    hostEnd = at + close + 1
  } else {
    if (!isLabelAt(text, at) || ahead.scan(text, at) === at) return -1
    host = ahead.spelled ? null : hostOf(text, ahead)
    if (host !== null && host.start === at) {
      hostText = host.value
      hostEnd = host.end
      if (host.kind === 'ipv4') address = host.value
      defanged ||= host.defanged
    } else {
      // A name without public suffix (an intranet host, a placeholder) still makes a URL; it is suppressed later.
      host = null
      const last = ahead.count - 1
      if (ahead.overflow || ahead.end - at > 253 || ahead.spelled) return -1
      hostText = ahead.join(text).toLowerCase()
      hostEnd = ahead.labelEnd[last]!
      defanged ||= ahead.defanged
    }
  }
  const port = portAt(text, hostEnd)
  let end = port === null ? hostEnd : port.end
  let value = `${scheme.name}://${userInfo}${hostText}${port === null ? '' : `:${port.number}`}`
  if (port?.defanged) defanged = true
  if (startsTail(text, end)) {
    const stop = tailEnd(text, end, scheme.start)
    const tail = text.slice(end, stop)
    const plain = refangPath(tail)
    if (plain.length !== tail.length) defanged = true
    value += plain.includes('\\/') ? plain.replaceAll('\\/', '/') : plain
    end = stop
  }
  scan.add('url', value, scheme.start, end, defanged, 'own', host === null ? null : host.facts, address)
  if (host !== null) addHost(scan, { ...host, defanged }, 'url-host')
  else if (address !== null) {
    scan.add('ipv6', address, at + 1, hostEnd - 1, defanged, 'url-host', null, address)
  }
  return end
}

function startsTail(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  if (code === 47 || code === 63 || code === 35) return true
  if (code === 92) return text.charCodeAt(index + 1) === 47
  if (code !== 91 && code !== 40) return false
  const token = bracketTokenAt(text, index)
  return token !== null && token.symbol === '/'
}

/** Offset behind `user:password@`, or the offset given when no user information follows. */
function userInfoEnd(text: string, from: number): number {
  for (let at = from; at < text.length && at - from < 80; at++) {
    const code = text.charCodeAt(at)
    if (code === 64) return at > from ? at + 1 : from
    if (code <= 32 || code >= 128 || code === 47 || code === 63 || code === 35 || code === 34 || code === 60)
      return from
    if (code === 91 || code === 93 || code === 92 || code === 124 || code === 96) return from
  }
  return from
}
