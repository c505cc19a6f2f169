import { formatIpv6, parseIpv6 } from '../extraction/addresses.ts'

/** An address or network as firewalls take it: 16-bit groups (two of IPv4, eight of IPv6), host bits cleared. */
export interface Network {
  family: 4 | 6
  groups: readonly number[]
  /** 1 to 32 or 128. */
  prefixLength: number
}

/**
 * Reads an address, a network in CIDR notation, or an address with a port, whose port is dropped: these formats block
 * hosts, not services.
 *
 * @param value e.g. `192.0.2.1`, `192.0.2.0/24`, `192.0.2.1:443`, `[2001:db8::1]:443`, `2001:db8::/32`
 * @returns null when it is none of these, or the whole address space, which no list may block
 */
export function readNetwork(value: string): Network | null {
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/.exec(value)
  if (bracketed !== null) return networkOf(bracketed[1]!, null)
  const ported = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(value)
  if (ported !== null) return networkOf(ported[1]!, null)
  const slash = value.indexOf('/')
  return slash < 0 ? networkOf(value, null) : networkOf(value.slice(0, slash), value.slice(slash + 1))
}

function networkOf(address: string, length: string | null): Network | null {
  const groups = address.includes(':') ? parseIpv6(address) : readIpv4(address)
  if (groups === null) return null
  const bits = groups.length * 16
  const prefixLength = length === null ? bits : /^\d{1,3}$/.test(length) ? Number(length) : 0
  if (prefixLength < 1 || prefixLength > bits) return null
  const network = clearHostBits(groups, prefixLength)
  // ::ffff:0:0/96 is IPv4 in other words (RFC 4291 section 2.5.5.2), and packets are matched as what they are.
  if (groups.length === 8 && prefixLength >= 96 && network.slice(0, 6).join() === '0,0,0,0,0,65535') {
    return prefixLength === 96 ? null : { family: 4, groups: network.slice(6), prefixLength: prefixLength - 96 }
  }
  return { family: groups.length === 2 ? 4 : 6, groups: network, prefixLength }
}

function readIpv4(address: string): number[] | null {
  const labels = address.split('.')
  if (labels.length !== 4 || !labels.every((label) => /^(?:0|[1-9]\d{0,2})$/.test(label) && Number(label) < 256))
    return null
  const octets = labels.map(Number)
  return [octets[0]! * 256 + octets[1]!, octets[2]! * 256 + octets[3]!]
}

function clearHostBits(groups: readonly number[], prefixLength: number): number[] {
  return groups.map((group, at) => {
    const kept = Math.min(16, Math.max(0, prefixLength - at * 16))
    return group & (0xffff << (16 - kept)) & 0xffff
  })
}

/** Writes a network in CIDR notation, a single address without it. */
export function formatNetwork({ family, groups, prefixLength }: Network): string {
  const address = family === 4 ? octetsOf(groups).join('.') : formatIpv6(groups)
  return prefixLength === groups.length * 16 ? address : `${address}/${prefixLength}`
}

/**
 * Writes a network as the owner name of a response policy zone's IP trigger, below `rpz-ip` (draft-vixie-dnsop-dns-rpz
 * section 4.1.1): prefix length, then octets or groups in reverse, with `zz` for the longest run of zero groups.
 */
export function formatReversed({ family, groups, prefixLength }: Network): string {
  if (family === 4) return [prefixLength, ...octetsOf(groups).reverse()].join('.')
  // Of runs of the same length it is the last of the reversed name that is shortened, i.e. the first as usually written.
  const parts = formatIpv6(groups).split('::')
  const labels = parts.map((part) => part.split(':').filter((group) => group !== ''))
  const written = labels.length === 1 ? labels[0]! : [...labels[0]!, 'zz', ...labels[1]!]
  return [prefixLength, ...written.reverse()].join('.')
}

function octetsOf(groups: readonly number[]): number[] {
  return groups.flatMap((group) => [group >> 8, group & 255])
}
