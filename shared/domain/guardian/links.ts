import { findIndicators } from '../extraction/indicators.ts'
import { defang } from '../indicators/defang.ts'
import { readings } from './decoded.ts'

/** Elements of HTML and SVG; what else stands in angle brackets ("<username>") is text. */
const elements =
  'a|abbr|address|applet|area|article|aside|audio|b|base|bdi|bdo|blink|blockquote|body|br|button|canvas|caption|center|cite|code|col|colgroup|data|datalist|dd|del|details|dfn|dialog|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|image|img|input|ins|kbd|label|legend|li|link|main|map|mark|marquee|math|menu|meta|meter|nav|noscript|object|ol|optgroup|option|output|p|param|picture|pre|progress|q|s|samp|script|section|select|slot|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|use|var|video|wbr|animate|foreignobject|path|xml'
const tag = new RegExp(`</?(?:${elements})(?:[\\s/][^>]*)?(?:>|$)`, 'gi')
const anyTag = new RegExp(`</?(?:${elements})(?:[\\s/>]|$)|<!--|<!\\[|<!doctype|<\\?xml`, 'i')
const activeScheme =
  /\b(?:javascript|vbscript|livescript)\s*:|\bdata\s*:\s*[a-z]+\/[a-z0-9.+-]+|\bblob:http|\bfile:\/\//i
const image = /!\[[^[\]]*\](?:\([^()\s]*(?:\s[^()]*)?\)|\[[^[\]]*\])/g
const link = /\[([^[\]]*)\]\(\s*<?([^()\s<>]*)>?(?:\s[^()]*)?\)/g
const definition = /(?:^|\n)\s{0,3}\[[^[\]]+\]:\s*(?:<[^<>\n]*>|[^\s]*[/:#][^\s]*)[^\n]*/g
const reference = /\[([^[\]]{2,})\]\[[^[\]]*\]/g
const angled = /<((?:[a-z][a-z0-9+.-]*:|mailto:)[^<>\s]*|[^<>\s@]+@[^<>\s@]+)>/gi

/**
 * A text without markup: HTML elements and comments, Markdown images, links and their definitions go; what people read of a
 * link stays. Repeated until nothing is left to remove, so that what removing brings together goes as well.
 */
export function withoutMarkup(text: string): string {
  let current = text
  for (let round = 0; round < 20; round++) {
    const before = current
    current = withoutComments(current)
      .replace(tag, ' ')
      .replace(image, ' ')
      .replace(link, (_, words: string, url: string) => (words === '' ? ' ' : isOwnName(words, url) ? url : words))
      .replace(definition, ' ')
      .replace(reference, '$1')
      .replace(angled, '$1')
    if (current === before) return current === text ? text : current.replace(/[ \t]{2,}/g, ' ').trim()
  }
  return ''
}

function isOwnName(words: string, url: string): boolean {
  return words === url
}

/** Cut by hand: a pattern would look for the end of every comment that has none. */
function withoutComments(text: string): string {
  let from = text.indexOf('<!--')
  if (from < 0) return text
  let out = ''
  let at = 0
  for (; from >= 0; from = text.indexOf('<!--', at)) {
    out += text.slice(at, from)
    const end = text.indexOf('-->', from)
    if (end < 0) return out
    at = end + 3
  }
  return out + text.slice(at)
}

/** Markup, links or schemes that are still there, also when somebody decodes the text once more; null when there are none. */
export function findMarkup(text: string): string | null {
  for (const [index, reading] of readings(text).entries()) {
    const match = anyTag.exec(reading) ?? activeScheme.exec(reading)
    if (match !== null) return match[0]
    if (index > 0 && withoutMarkup(reading) !== reading) return reading.slice(0, 200)
  }
  return null
}

/** An address that something could follow and whose host is not allowed; null when there is none. */
export function findLink(text: string, allowedHosts: ReadonlySet<string>): string | null {
  for (const reading of readings(text)) {
    for (const match of reading.matchAll(/\b([a-z][a-z0-9+.-]{1,20}):(?:\/\/|\\\\|\/\\|\\\/)+[^\s<>"]+/gi)) {
      const scheme = match[1]!.toLowerCase()
      // Broken by its scheme or by its host: no program makes a link of it.
      if (/(?:hxxps?|fxps?)$/.test(scheme) || isBroken(match[0].replace(/^[^:]+/, 'x'))) continue
      if (scheme !== 'https' || !isAllowed(match[0], allowedHosts)) return match[0].slice(0, 200)
    }
    for (const [whole] of reading.matchAll(
      /(?:(?<=^|[\s(["'])\/\/(?=[\w-]+\.[a-z]{2})|\bwww\d?\.|\bmailto:|\btel:(?=\+?\d))[^\s<>"]{3,}/gi,
    )) {
      const host = /^www/i.test(whole) ? `https://${whole}` : whole
      if (!isAllowed(host, allowedHosts)) return whole.slice(0, 200)
    }
  }
  return null
}

function isAllowed(url: string, allowedHosts: ReadonlySet<string>): boolean {
  if (/[^\x21-\x7e]|\\/.test(url)) return false
  try {
    const { hostname, username, password, protocol, port } = new URL(url.replace(/[.,;:!?)\]}'"]+$/, ''))
    return protocol === 'https:' && username === '' && password === '' && port === '' && allowedHosts.has(hostname)
  } catch {
    return false
  }
}

const live = new Set([
  'ipv4',
  'ipv4-cidr',
  'ipv4-port',
  'ipv6',
  'ipv6-cidr',
  'ipv6-port',
  'domain',
  'onion',
  'i2p',
  'email',
  'url',
])

/** A text in which every indicator that somebody could follow is broken, but for allowed hosts; and which they were. */
export function defangAll(text: string, allowedHosts: ReadonlySet<string>): { text: string; indicators: string[] } {
  const indicators: string[] = []
  let out = ''
  let at = 0
  for (const { type, start, end, value } of findIndicators(text)) {
    if (start < at || !live.has(type)) continue
    const written = text.slice(start, end)
    const broken = defang(type, plainDots(written))
    // What is broken in its own way stays as it was written, when nothing can follow it.
    if (broken === written || isBroken(written)) continue
    if (allowedHosts.has(value) || (type === 'url' && isAllowed(written, allowedHosts))) continue
    out += text.slice(at, start) + broken
    at = end
    indicators.push(broken)
  }
  return { text: out + text.slice(at), indicators }
}

/** Whether nothing makes a link of it: no live scheme and no plain dot between two labels of its host. */
function isBroken(written: string): boolean {
  if (/^(?:https?|ftps?):/i.test(written)) return false
  const host = written.replace(/^[a-z*]+:\/\//i, '').split(/[/?#]/)[0]!
  return /[[({](?:\.|dot|@|at|:)[\])}]|\[\.|\.\]/i.test(host) && !/[\p{L}\p{N}][@.][\p{L}\p{N}]/u.test(host)
}

function plainDots(written: string): string {
  return written.replace(/[[({]?(?:\.|\bdot\b)[\])}]/gi, '.').replace(/\[\./g, '.')
}
