import { formatIpv6, parseIpv6 } from '../extraction/addresses.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { isHostName } from '../indicators/host-name.ts'
import { observableId } from './identifiers.ts'
import type { StixObject } from './types.ts'
import { expandHive, readAsNumber, tlshDigits } from './values.ts'

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^(?:${octet}\\.){3}${octet}$`)
const ipv4Network = new RegExp(`^(?:${octet}\\.){3}${octet}/(?:3[0-2]|[12]?\\d)$`)

const isIpv6 = (value: string) => {
  const groups = parseIpv6(value)
  return groups !== null && formatIpv6(groups) === value
}

const isIpv6Network = (value: string) => {
  const slash = value.lastIndexOf('/')
  return slash > 0 && isIpv6(value.slice(0, slash)) && /^(?:12[0-8]|1[01]\d|[1-9]?\d)$/.test(value.slice(slash + 1))
}

const authorityParts =
  /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:%]*@)?(?:\[([0-9A-Fa-f:.]+)\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+)(?::\d*)?$/

/** RFC 3986 with an authority: its characters, sound escapes, brackets around an IPv6 address alone, one fragment. */
function isUri(value: string): boolean {
  const parts = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]+)([^#]*)(?:#([^#]*))?$/.exec(value)
  if (parts === null || /%(?![0-9A-Fa-f]{2})/.test(value)) return false
  const [, authority = '', rest = '', fragment = ''] = parts
  const host = authorityParts.exec(authority)
  if (host === null || (host[1] !== undefined && parseIpv6(host[1]) === null)) return false
  return /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*$/.test(rest + fragment)
}

const mailbox = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

function isEmail(value: string): boolean {
  const at = value.lastIndexOf('@')
  return at > 0 && mailbox.test(value.slice(0, at)) && isHostName(value.slice(at + 1))
}

/** Properties that contribute to the id (section 6, each object's table), or null when the object could not be valid. */
type Build = (value: string) => Record<string, unknown> | null

const valueIf =
  (isSound: (value: string) => boolean): Build =>
  (value) =>
    isSound(value) ? { value } : null

const hashIf =
  (algorithm: string, isSound: RegExp): Build =>
  (value) =>
    isSound.test(value) ? { hashes: { [algorithm]: value } } : null

const nameIfAny =
  (property: string): Build =>
  (value) =>
    value === '' ? null : { [property]: value }

function registryKey(value: string): Record<string, unknown> | null {
  const key = expandHive(value)
  // The OASIS schema refuses these letters anywhere in the key.
  return key === '' || /^HKLM|HKCC|HKCR|HKCU|HKU|hklm|hkcc|hkcr|hkcu|hku/.test(key) ? null : { key }
}

function autonomousSystem(value: string): Record<string, unknown> | null {
  const number = readAsNumber(value)
  return number === null ? null : { number }
}

/**
 * Observables are written for what one object says in full. Ports, paths and user agents are left to the pattern: as
 * objects they would need facts that no report gives (a protocol, an end of the traffic) or parts that several
 * indicators share.
 */
const observables: Partial<Record<IndicatorType, readonly [type: string, build: Build]>> = {
  ipv4: ['ipv4-addr', valueIf((value) => ipv4.test(value))],
  ipv6: ['ipv6-addr', valueIf(isIpv6)],
  'ipv4-cidr': ['ipv4-addr', valueIf((value) => ipv4Network.test(value))],
  'ipv6-cidr': ['ipv6-addr', valueIf(isIpv6Network)],
  domain: ['domain-name', valueIf(isHostName)],
  onion: ['domain-name', valueIf(isHostName)],
  i2p: ['domain-name', valueIf(isHostName)],
  url: ['url', valueIf(isUri)],
  email: ['email-addr', valueIf(isEmail)],
  md5: ['file', hashIf('MD5', /^[0-9A-Fa-f]{32}$/)],
  sha1: ['file', hashIf('SHA-1', /^[0-9A-Fa-f]{40}$/)],
  sha256: ['file', hashIf('SHA-256', /^[0-9A-Fa-f]{64}$/)],
  sha512: ['file', hashIf('SHA-512', /^[0-9A-Fa-f]{128}$/)],
  ssdeep: ['file', hashIf('SSDEEP', /^[A-Za-z0-9/+:.]{1,128}$/)],
  tlsh: ['file', (value) => hashIf('TLSH', /^[A-Za-z0-9]{70}$/)(tlshDigits(value))],
  'registry-key': ['windows-registry-key', registryKey],
  mutex: ['mutex', nameIfAny('name')],
  asn: ['autonomous-system', autonomousSystem],
  mac: ['mac-addr', valueIf((value) => /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(value))],
  'x509-serial': ['x509-certificate', nameIfAny('serial_number')],
}

/**
 * The cyber-observable object (STIX 2.1 section 6) of an indicator, unmarked.
 *
 * @param type indicator type
 * @param value canonical value, refanged
 * @returns null when no object of STIX could say it and be valid
 */
export function observableOf(type: IndicatorType, value: string): StixObject | null {
  const observable = observables[type]
  if (observable === undefined) return null
  const [stixType, build] = observable
  const contributing = build(value)
  if (contributing === null) return null
  return { type: stixType, spec_version: '2.1', id: observableId(stixType, contributing), ...contributing }
}
