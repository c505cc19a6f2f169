import type { IndicatorType } from '../extraction/types.ts'
import { expandHive, readAsNumber, readEndpoint, readPath, tlshDigits } from './values.ts'

/** A string constant of the patterning language (STIX 2.1 section 9.2): only `\` and `'` are escaped, with `\`. */
export function stringConstant(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

const equals = (path: string) => (value: string) => `[${path} = ${stringConstant(value)}]`
const subset = (path: string) => (value: string) => `[${path} ISSUBSET ${stringConstant(value)}]`

const endpoint = (addressType: string) => (value: string) => {
  const found = readEndpoint(value)
  if (found === null) return null
  return `[network-traffic:dst_ref.type = '${addressType}' AND network-traffic:dst_ref.value = ${stringConstant(found.address)} AND network-traffic:dst_port = ${found.port}]`
}

function asNumber(value: string): string | null {
  const number = readAsNumber(value)
  return number === null ? null : `[autonomous-system:number = ${number}]`
}

function filePath(value: string): string {
  const { name, directory } = readPath(value)
  if (name === null) return `[directory:path = ${stringConstant(directory!)}]`
  if (directory === null) return `[file:name = ${stringConstant(name)}]`
  return `[file:name = ${stringConstant(name)} AND file:parent_directory_ref.path = ${stringConstant(directory)}]`
}

/**
 * What each type compares. Decided per type:
 * - hashes of files use the names of the hash-algorithm vocabulary (section 10.7), fuzzy ones too; imphash is a property
 *   of the PE extension (section 6.7.6); JA3 has no property in STIX, `tls-ext` is the extension that others use for it;
 * - a network is matched by ISSUBSET (section 9.6.1), an address with a port as the destination of traffic;
 * - onion and I2P hosts are domain names;
 * - a wallet address has no object in STIX; `cryptocurrency-wallet:value` is the type that OpenCTI and its feeds use;
 * - the bare name of a YARA rule detects nothing, and a CVE is a vulnerability and no indicator: no pattern.
 */
const patterns: Readonly<Record<IndicatorType, (value: string) => string | null>> = {
  ipv4: equals('ipv4-addr:value'),
  ipv6: equals('ipv6-addr:value'),
  'ipv4-cidr': subset('ipv4-addr:value'),
  'ipv6-cidr': subset('ipv6-addr:value'),
  'ipv4-port': endpoint('ipv4-addr'),
  'ipv6-port': endpoint('ipv6-addr'),
  domain: equals('domain-name:value'),
  url: equals('url:value'),
  email: equals('email-addr:value'),
  md5: equals('file:hashes.MD5'),
  sha1: equals("file:hashes.'SHA-1'"),
  sha256: equals("file:hashes.'SHA-256'"),
  sha512: equals("file:hashes.'SHA-512'"),
  ssdeep: equals('file:hashes.SSDEEP'),
  tlsh: (value) => equals('file:hashes.TLSH')(tlshDigits(value)),
  imphash: equals("file:extensions.'windows-pebinary-ext'.imphash"),
  ja3: equals("network-traffic:extensions.'tls-ext'.ja3"),
  'file-path': filePath,
  'registry-key': (value) => equals('windows-registry-key:key')(expandHive(value)),
  mutex: equals('mutex:name'),
  'user-agent': equals("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"),
  asn: asNumber,
  mac: equals('mac-addr:value'),
  cve: () => null,
  bitcoin: equals('cryptocurrency-wallet:value'),
  ethereum: equals('cryptocurrency-wallet:value'),
  monero: equals('cryptocurrency-wallet:value'),
  onion: equals('domain-name:value'),
  i2p: equals('domain-name:value'),
  'x509-serial': equals('x509-certificate:serial_number'),
  'yara-rule': () => null,
}

/**
 * The STIX pattern (STIX 2.1 section 9) that detects an indicator.
 *
 * @param type indicator type
 * @param value canonical value, refanged
 * @returns null when STIX has no way to say it: rule names, CVEs, numbers and ports that are none
 */
export function indicatorPattern(type: IndicatorType, value: string): string | null {
  return patterns[type](value)
}
