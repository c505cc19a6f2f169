/** Readers of canonical indicator values into the parts that STIX keeps apart. */

/** An address and a port. */
export interface Endpoint {
  address: string
  port: number
}

/**
 * Splits `192.0.2.1:443` or `[2001:db8::1]:443`.
 *
 * @returns null when there is no port between 0 and 65535
 */
export function readEndpoint(value: string): Endpoint | null {
  const colon = value.lastIndexOf(':')
  const digits = value.slice(colon + 1)
  if (colon < 1 || !/^\d{1,5}$/.test(digits) || Number(digits) > 65_535) return null
  const host = value.slice(0, colon)
  const address = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return address === '' ? null : { address, port: Number(digits) }
}

/** The number of `AS64496` or `64496` (RFC 5396 asplain, 32 bits), or null. */
export function readAsNumber(value: string): number | null {
  const match = /^(?:AS)?(\d{1,10})$/i.exec(value)
  const number = Number(match?.[1])
  return match !== null && number <= 0xffffffff ? number : null
}

/** A file's name and its directory, null when the path names none; or a directory alone. */
export interface PathParts {
  name: string | null
  directory: string | null
}

/** Splits a Windows or POSIX path at its last separator; a path that ends in one is a directory. */
export function readPath(value: string): PathParts {
  const isWindows = value.includes('\\')
  const at = isWindows ? Math.max(value.lastIndexOf('\\'), value.lastIndexOf('/')) : value.lastIndexOf('/')
  if (at < 0) return { name: value, directory: null }
  const before = value.slice(0, at)
  // The separator belongs to a root: `/` and `C:\`.
  const directory = before === '' || /^[A-Za-z]:$/.test(before) ? value.slice(0, at + 1) : before
  return { name: at + 1 === value.length ? null : value.slice(at + 1), directory }
}

const hives: Readonly<Record<string, string>> = {
  HKLM: 'HKEY_LOCAL_MACHINE',
  HKCU: 'HKEY_CURRENT_USER',
  HKCR: 'HKEY_CLASSES_ROOT',
  HKU: 'HKEY_USERS',
  HKCC: 'HKEY_CURRENT_CONFIG',
}

/** Writes the hive in full: section 6.17 forbids `HKLM` and the like. */
export function expandHive(key: string): string {
  const end = key.indexOf('\\') < 0 ? key.length : key.indexOf('\\')
  const written = key.slice(0, end).toUpperCase()
  const hive = hives[written.endsWith(':') ? written.slice(0, -1) : written]
  return hive === undefined ? key : hive + key.slice(end)
}

/** TLSH without its version prefix `T1`: the STIX hash is the 70 digits. */
export function tlshDigits(value: string): string {
  return /^T1[0-9A-F]{70}$/i.test(value) ? value.slice(2) : value
}
