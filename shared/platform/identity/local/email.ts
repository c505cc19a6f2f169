import { domainToASCII } from 'node:url'

/**
 * The one form of an e-mail address that accounts are kept under: trimmed, lower case, NFC, an international domain
 * in its ASCII form. Null when it is not an address (RFC 5321 lengths; no quoted local parts, no address literals).
 */
export function canonicalEmail(text: string): string | null {
  const address = text.trim().normalize('NFC').toLowerCase()
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = domainToASCII(address.slice(at + 1))
  if (at < 1 || Buffer.byteLength(local) > 64 || address.length > 254) return null
  if (!/^[^\s@"(),:;<>[\\\]\p{C}]+$/u.test(local)) return null
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..')) return null
  const labels = domain.split('.')
  const valid = labels.every((label) => label.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label))
  if (!valid || labels.length < 2 || domain.length > 253 || /^\d+$/.test(labels.at(-1)!)) return null
  return `${local}@${domain}`
}
