/**
 * Whether a value is the name of a host below some top-level domain, written as DNS carries it: ASCII labels of 1 to 63
 * letters, digits, hyphens and underscores that neither begin nor end with a hyphen, 253 characters in all (RFC 1035
 * section 2.3.4; underscores because malicious names use them), and a last label that is no number (RFC 3696 section 2).
 *
 * @param value canonical value, without a trailing dot
 */
export function isHostName(value: string): boolean {
  if (value.length > 253) return false
  const labels = value.split('.')
  return labels.length > 1 && labels.every(isLabel) && !/^\d+$/.test(labels.at(-1)!)
}

function isLabel(label: string): boolean {
  return label.length <= 63 && /^[A-Za-z0-9_-]+$/.test(label) && !label.startsWith('-') && !label.endsWith('-')
}
