import type { IndicatorMention, IndicatorType } from '../extraction/types.ts'

/** How much a single plain mention of a type says: a hash is hardly ever mentioned by accident, a domain often is. */
const baseConfidence: Record<IndicatorType, number> = {
  md5: 70,
  sha1: 70,
  sha256: 75,
  sha512: 75,
  ssdeep: 70,
  tlsh: 70,
  imphash: 60,
  ja3: 60,
  url: 55,
  onion: 65,
  i2p: 65,
  domain: 50,
  ipv4: 50,
  ipv6: 50,
  'ipv4-port': 60,
  'ipv6-port': 60,
  'ipv4-cidr': 40,
  'ipv6-cidr': 40,
  email: 50,
  cve: 70,
  bitcoin: 65,
  ethereum: 60,
  monero: 65,
  mutex: 55,
  'registry-key': 45,
  'file-path': 40,
  'user-agent': 35,
  'x509-serial': 60,
  'yara-rule': 50,
  asn: 30,
  mac: 35,
}

const suppressedConfidence = 5
const highest = 95
/** Distance within which mentions count as one list, in characters. */
const listReach = 200

/**
 * Confidence (0 to 100) that each mention is a real indicator of the report: its type, whether the author defanged
 * it, and whether it stands in a list of others.
 * @param mentions in order of their start
 */
export function confidenceOf(mentions: readonly IndicatorMention[]): number[] {
  return mentions.map((mention, index) => {
    if (mention.suppressed) return suppressedConfidence
    const defanged = mention.defanged ? 20 : 0
    const listed = isNear(mentions[index - 1], mention) || isNear(mention, mentions[index + 1]) ? 10 : 0
    return Math.min(highest, baseConfidence[mention.type] + defanged + listed)
  })
}

function isNear(first: IndicatorMention | undefined, second: IndicatorMention | undefined): boolean {
  return (
    first !== undefined &&
    second !== undefined &&
    first.suppressed === null &&
    second.suppressed === null &&
    second.start >= first.end &&
    second.start - first.end <= listReach
  )
}

/** Days after its last sighting for which an indicator of a type is taken as valid: infrastructure changes hands, files stay what they are. */
export const lifetimeDays: Record<IndicatorType, number> = {
  md5: 730,
  sha1: 730,
  sha256: 730,
  sha512: 730,
  ssdeep: 730,
  tlsh: 730,
  imphash: 730,
  ja3: 365,
  url: 90,
  onion: 180,
  i2p: 180,
  domain: 180,
  ipv4: 60,
  ipv6: 60,
  'ipv4-port': 60,
  'ipv6-port': 60,
  'ipv4-cidr': 60,
  'ipv6-cidr': 60,
  email: 180,
  cve: 1825,
  bitcoin: 730,
  ethereum: 730,
  monero: 730,
  mutex: 730,
  'registry-key': 730,
  'file-path': 365,
  'user-agent': 365,
  'x509-serial': 365,
  'yara-rule': 1825,
  asn: 180,
  mac: 365,
}
