import { csvMediaType, csvRow } from '../csv/csv.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { isHostName } from '../indicators/host-name.ts'
import { formatNetwork, formatReversed, readNetwork } from './render-address.ts'

export const blocklistFormats = [
  'plain',
  'edl-ip',
  'edl-domain',
  'edl-url',
  'hosts',
  'rpz',
  'nftables',
  'pf',
  'csv',
] as const
export type BlocklistFormat = (typeof blocklistFormats)[number]

/** What the head of a list tells. */
export interface BlocklistHeader {
  /** Row id of the list; names the nftables table. */
  id: string
  name: string
  generatedAt: Date
}

/** How a format writes a list; every text ends its line. */
export interface FormatRules {
  mediaType: string
  /** Types that the format can carry; null for all. */
  types: readonly IndicatorType[] | null
  /** Sign that begins a comment line, or null where the format has none. */
  comment: '#' | ';' | null
  /** What stands before the first entry, below the comments. */
  opening: (header: BlocklistHeader) => string
  /** One entry, or null when the format can't hold the value. */
  entry: (type: IndicatorType, value: string) => string | null
}

const text = 'text/plain; charset=utf-8'
const addressTypes: readonly IndicatorType[] = ['ipv4', 'ipv6', 'ipv4-cidr', 'ipv6-cidr', 'ipv4-port', 'ipv6-port']
const nothing = () => ''

// Whatever any reader may take for the end of a line is a control character or one of these two.
const isOneLine = (value: string): boolean => value !== '' && !/[\p{Cc}\u2028\u2029]/u.test(value)

function addressLine(_type: IndicatorType, value: string): string | null {
  const network = readNetwork(value)
  return network === null ? null : `${formatNetwork(network)}\n`
}

/** The longest entry that PAN-OS reads. */
const edlMaximumCharacters = 255

/**
 * A URL as PAN-OS compares it: without scheme, user and port, and with a path, because without one
 * `evil.example` would also match `evil.example.org`. `*` and `^` would be wildcards.
 */
function edlUrl(_type: IndicatorType, value: string): string | null {
  const parts = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(value)
  if (parts === null || !/^[\x21-\x7e]+$/.test(value)) return null
  const [, authority = '', rest = ''] = parts
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .toLowerCase()
  if (!isHostName(host) && readNetwork(host) === null) return null
  const entry = `${host}${rest.startsWith('/') ? '' : '/'}${rest}`
  return entry.length > edlMaximumCharacters || /[*^]/.test(entry) ? null : `${entry}\n`
}

/** The longest name that fits below `*.` and in front of a zone name of 63 characters (RFC 1035: 253 in all). */
const rpzMaximumCharacters = 253 - '*.'.length - '.'.length - 63

/**
 * Policy records that answer "no such domain" (`CNAME .`) for a name and all below it, or for any answer with an address
 * of a network (draft-vixie-dnsop-dns-rpz sections 3.1, 4.1.1 and 4.1.2).
 */
function rpzRecords(type: IndicatorType, value: string): string | null {
  if (type !== 'domain') {
    const network = readNetwork(value)
    return network === null ? null : `${formatReversed(network)}.rpz-ip CNAME .\n`
  }
  // A last label such as rpz-ip or rpz-nsdname would make another trigger of it.
  if (!isHostName(value) || value.length > rpzMaximumCharacters || /\.rpz-[^.]*$/i.test(value)) return null
  return `${value} CNAME .\n*.${value} CNAME .\n`
}

/** Serial numbers must grow (RFC 1982, 32 bits): seconds do, until 2106. */
function rpzOpening({ generatedAt }: BlocklistHeader): string {
  const serial = Math.floor(generatedAt.getTime() / 1000) % 2 ** 32
  return `$TTL 300\n@ SOA localhost. hostmaster.localhost. ${serial} 3600 600 604800 300\n@ NS localhost.\n`
}

/** Tables and sets are made if they are missing and emptied, all in the one transaction of `nft -f`. */
function nftablesOpening(header: BlocklistHeader): string {
  const table = nftablesTable(header)
  const lines = [`add table ${table}`]
  for (const [set, type] of [
    ['blocklist_ipv4', 'ipv4_addr'],
    ['blocklist_ipv6', 'ipv6_addr'],
  ]) {
    // auto-merge: overlapping networks would otherwise be an error.
    lines.push(`add set ${table} ${set} { type ${type}; flags interval; auto-merge; }`, `flush set ${table} ${set}`)
  }
  return `${lines.join('\n')}\n`
}

/** Each list has a table of its own, so that two lists on one firewall don't empty each other's sets. */
export function nftablesTable({ id }: BlocklistHeader): string {
  return `inet adapt_${id
    .toLowerCase()
    .replaceAll(/[^0-9a-f]/g, '')
    .slice(-12)}`
}

export const formatRules: Readonly<Record<BlocklistFormat, FormatRules>> = {
  plain: {
    mediaType: text,
    types: null,
    comment: null,
    opening: nothing,
    entry: (_type, value) => (isOneLine(value) && value.trim() === value ? `${value}\n` : null),
  },
  // PAN-OS takes a comment only behind an address, so these three have none.
  'edl-ip': { mediaType: text, types: addressTypes, comment: null, opening: nothing, entry: addressLine },
  'edl-domain': {
    mediaType: text,
    types: ['domain'],
    comment: null,
    opening: nothing,
    entry: (_type, value) => (isHostName(value) ? `${value}\n` : null),
  },
  'edl-url': { mediaType: text, types: ['url'], comment: null, opening: nothing, entry: edlUrl },
  hosts: {
    mediaType: text,
    types: ['domain'],
    comment: '#',
    opening: nothing,
    entry: (_type, value) => (isHostName(value) ? `0.0.0.0 ${value}\n` : null),
  },
  rpz: {
    mediaType: 'text/dns; charset=utf-8',
    types: ['domain', ...addressTypes],
    comment: ';',
    opening: rpzOpening,
    entry: rpzRecords,
  },
  nftables: { mediaType: text, types: addressTypes, comment: '#', opening: nftablesOpening, entry: addressLine },
  pf: { mediaType: text, types: addressTypes, comment: '#', opening: nothing, entry: addressLine },
  csv: {
    mediaType: csvMediaType,
    types: null,
    comment: null,
    opening: () => csvRow(['type', 'value']),
    entry: (type, value) => (isOneLine(value) ? csvRow([type, value]) : null),
  },
}
