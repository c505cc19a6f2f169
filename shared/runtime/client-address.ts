import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

type Request = Pick<IncomingMessage, 'headers'> & { socket: { remoteAddress?: string | undefined } }

/** What nobody else can be named: a caller who was gone before their address was read. */
const unknownAddress = 'unknown'

/**
 * The address that a request came from: IPv4 as four numbers, also when it came mapped into IPv6; IPv6 in its
 * canonical form (RFC 5952) without a zone.
 * @param trustedProxyHops how many proxies of ours append to `X-Forwarded-For` on the way here. 0: the header is not
 * looked at. 1: a Cloud Run address called directly. 2: Google's application load balancer, which appends the client's
 * address and its own. What stands further to the left was written by the client and means nothing.
 */
export function clientAddress(request: Request, trustedProxyHops: number): string {
  const forwarded = trustedProxyHops > 0 ? fromTheRight(request.headers['x-forwarded-for'], trustedProxyHops) : null
  // A malformed or short list was not written by our proxies.
  const address = forwarded !== null && isIP(forwarded) !== 0 ? forwarded : request.socket.remoteAddress
  return address === undefined ? unknownAddress : normalized(address)
}

/**
 * What one customer of a network provider usually has for themselves: the IPv4 address, or the /64 of the IPv6 address,
 * in which they can have as many addresses as they like.
 * @param address as `clientAddress` gives it
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  return `${groupsOf(address).slice(0, 4).join(':')}::/64`
}

/** The n-th entry of the list from its end, or null when it has fewer. */
function fromTheRight(header: string | string[] | undefined, position: number): string | null {
  const list = Array.isArray(header) ? header.join(',') : header
  if (list === undefined) return null
  let end = list.length
  for (let passed = 1; passed < position; passed++) {
    end = list.lastIndexOf(',', end - 1)
    if (end <= 0) return null
  }
  return list.slice(list.lastIndexOf(',', end - 1) + 1, end).trim()
}

function normalized(address: string): string {
  if (!address.includes(':')) return address
  const groups = groupsOf(address)
  if (groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff') {
    const [high, low] = [Number.parseInt(groups[6]!, 16), Number.parseInt(groups[7]!, 16)]
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  return compressed(groups)
}

/** The eight groups of a valid IPv6 address, in small letters and without leading zeros. */
function groupsOf(address: string): string[] {
  const [bare = ''] = address.toLowerCase().split('%')
  const [head = '', tail] = bare.replace(/[^:]*\.[^:]*$/, dottedToGroups).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...middle, ...right].map((group) => group.replace(/^0+(?=.)/, ''))
}

function dottedToGroups(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

/** The longest run of zeros, the first of equals, becomes `::`; a single zero stays. */
function compressed(groups: readonly string[]): string {
  let best = { start: 0, length: 1 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > best.length) best = { start, length }
  }
  if (best.length < 2) return groups.join(':')
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`
}
