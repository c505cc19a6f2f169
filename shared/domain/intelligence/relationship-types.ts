import { softwareById } from '../attack/catalogue.ts'
import type { IndicatorType } from '../extraction/types.ts'
import type { EntityKind } from './findings.ts'

/** What of a subject decides how it may be related. */
export type SubjectNature = { kind: 'indicator'; type: IndicatorType } | { kind: EntityKind; external_id: string }

/**
 * A subject's STIX type where it is an object of its own: an actor is an intrusion set, as ATT&CK groups are. An
 * indicator is also the observable that it watches for, here by what that is.
 */
type Role =
  | 'indicator'
  | 'address'
  | 'host'
  | 'file'
  | 'attack-pattern'
  | 'intrusion-set'
  | 'malware'
  | 'tool'
  | 'vulnerability'

const observables: Partial<Record<IndicatorType, Role>> = {
  ipv4: 'address',
  ipv6: 'address',
  domain: 'host',
  url: 'host',
  onion: 'host',
  i2p: 'host',
  md5: 'file',
  sha1: 'file',
  sha256: 'file',
  sha512: 'file',
  'file-path': 'file',
}

function rolesOf(subject: SubjectNature): Role[] {
  switch (subject.kind) {
    case 'indicator': {
      const observable = observables[subject.type]
      return observable === undefined ? ['indicator'] : ['indicator', observable]
    }
    case 'technique':
      return ['attack-pattern']
    case 'actor':
      return ['intrusion-set']
    case 'vulnerability':
      return ['vulnerability']
    case 'software':
      return [softwareById(subject.external_id)?.kind ?? 'malware']
  }
}

/** STIX 2.1, appendix B: the relationships between what this product knows of. */
const table: readonly (readonly [source: Role, type: string, targets: readonly Role[]])[] = [
  ['indicator', 'indicates', ['attack-pattern', 'intrusion-set', 'malware', 'tool']],
  ['attack-pattern', 'delivers', ['malware']],
  ['attack-pattern', 'targets', ['vulnerability']],
  ['attack-pattern', 'uses', ['malware', 'tool']],
  ['intrusion-set', 'targets', ['vulnerability']],
  ['intrusion-set', 'uses', ['attack-pattern', 'malware', 'tool']],
  ['malware', 'authored-by', ['intrusion-set']],
  ['malware', 'communicates-with', ['address', 'host']],
  ['malware', 'controls', ['malware']],
  ['malware', 'downloads', ['malware', 'tool', 'file']],
  ['malware', 'drops', ['malware', 'tool', 'file']],
  ['malware', 'exploits', ['vulnerability']],
  ['malware', 'targets', ['vulnerability']],
  ['malware', 'uses', ['attack-pattern', 'malware', 'tool']],
  ['malware', 'variant-of', ['malware']],
  ['tool', 'delivers', ['malware']],
  ['tool', 'drops', ['malware']],
  ['tool', 'has', ['vulnerability']],
  ['tool', 'targets', ['vulnerability']],
]

/** All of them; which of them two things may have depends on what they are. */
export const relationshipTypes: readonly string[] = [
  ...new Set(table.map(([, type]) => type)),
  'resolves-to',
  'derived-from',
  'duplicate-of',
  'related-to',
]

/** The relationship types that STIX 2.1 (appendix B and section 3.7) has from one subject to another. */
export function relationshipTypesBetween(source: SubjectNature, target: SubjectNature): string[] {
  const [from, to] = [rolesOf(source), rolesOf(target)]
  const types = new Set(
    table.flatMap(([role, type, targets]) =>
      from.includes(role) && targets.some((one) => to.includes(one)) ? [type] : [],
    ),
  )
  if (isDomain(source) && (to.includes('address') || isDomain(target))) types.add('resolves-to')
  if (source.kind === target.kind) types.add('derived-from').add('duplicate-of')
  return [...types.add('related-to')]
}

function isDomain(subject: SubjectNature): boolean {
  return subject.kind === 'indicator' && subject.type === 'domain'
}
