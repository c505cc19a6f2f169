import { attackAttribution, groupById, softwareById, tacticsOf } from '../attack/catalogue.ts'
import type { Tlp } from '../tlp.ts'
import { stixId } from './identifiers.ts'
import { markingId } from './markings.ts'
import { observableOf } from './observables.ts'
import { indicatorPattern } from './pattern.ts'
import {
  type Instant,
  type StixDocument,
  type StixEntity,
  type StixIndicator,
  type StixObject,
  type StixProducer,
  timestamp,
} from './types.ts'

/** Members that every domain and relationship object of a bundle has (STIX 2.1 section 3.2). */
function common(type: string, id: string, row: { created_at: Instant; updated_at: Instant }): StixObject {
  const created = timestamp(row.created_at)
  const modified = timestamp(row.updated_at)
  // Section 3.2: modified must not lie before created.
  return { type, spec_version: '2.1', id, created, modified: modified < created ? created : modified }
}

/** The organization as the author of what it exports (section 4.5). */
export function identityOf(producer: StixProducer): StixObject {
  const id = stixId('identity', producer.id)
  return { ...common('identity', id, producer), name: producer.name, identity_class: 'organization' }
}

/** Members of what an author says at a level of TLP. */
function marks(author: string, tlp: Tlp): { created_by_ref: string; object_marking_refs: string[] } {
  return { created_by_ref: author, object_marking_refs: [markingId(tlp)] }
}

/**
 * What a bundle says of one indicator: the indicator, and where STIX has an observable for it the observable and the
 * relationship `based-on` between the two, which is how OpenCTI ties an indicator to its observable. A CVE becomes a
 * vulnerability.
 *
 * @param row a row of `indicators`
 * @param author id of the identity that says it
 * @returns no objects when STIX can't say it
 */
export function objectsOfIndicator(row: StixIndicator, author: string): StixObject[] {
  if (row.type === 'cve') return [vulnerability(row.value, row.value, row, author)]
  const pattern = indicatorPattern(row.type, row.value)
  if (pattern === null) return []
  const validFrom = new Date(row.first_seen)
  // Section 4.7: valid_until must be later than valid_from.
  const validUntil = new Date(Math.max(new Date(row.valid_until).getTime(), validFrom.getTime() + 1))
  const indicator: StixObject = {
    ...common('indicator', stixId('indicator', row.id), row),
    name: row.value,
    description:
      row.suppressed_reason === null ? undefined : `Held back as a likely false positive: ${row.suppressed_reason}`,
    indicator_types: [row.suppressed_reason === null ? 'malicious-activity' : 'benign'],
    pattern,
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: timestamp(validFrom),
    valid_until: timestamp(validUntil),
    confidence: row.confidence,
    ...marks(author, row.tlp),
  }
  const observable = observableOf(row.type, row.value)
  if (observable === null) return [indicator]
  const relationship: StixObject = {
    ...common('relationship', stixId('relationship', `based-on/${row.id}`), row),
    relationship_type: 'based-on',
    source_ref: indicator.id,
    target_ref: observable.id,
    ...marks(author, row.tlp),
  }
  return [indicator, { ...observable, object_marking_refs: [markingId(row.tlp)] }, relationship]
}

/**
 * What a bundle says of one technique, actor, software or vulnerability (sections 4.1, 4.8, 4.11, 4.17 and 4.18), with
 * the other names and the tactics that the built-in ATT&CK catalogue knows.
 */
export function objectOfEntity(row: StixEntity, author: string): StixObject {
  if (row.kind === 'vulnerability') return vulnerability(row.external_id, row.name, row, author)
  if (row.kind === 'technique') {
    const phases = tacticsOf(row.external_id).map((tactic) => ({
      kill_chain_name: 'mitre-attack',
      phase_name: tactic.shortname,
    }))
    return {
      ...named('attack-pattern', row, author),
      kill_chain_phases: phases.length > 0 ? phases : undefined,
      external_references: attackReference('techniques', row.external_id),
    }
  }
  if (row.kind === 'actor') {
    return {
      ...named('intrusion-set', row, author),
      aliases: aliases(groupById(row.external_id)?.aliases),
      external_references: attackReference('groups', row.external_id),
    }
  }
  const software = softwareById(row.external_id)
  const type = software?.kind ?? 'malware'
  return {
    ...named(type, row, author),
    // Section 4.11: required of malware; ATT&CK lists families.
    is_family: type === 'malware' ? true : undefined,
    aliases: aliases(software?.aliases),
    external_references: attackReference('software', row.external_id),
  }
}

/** A document as a report (section 4.16), all but its `object_refs`. */
export function reportOf(row: StixDocument, author: string): StixObject {
  return {
    ...common('report', stixId('report', row.id), row),
    name: row.title ?? row.file_name,
    report_types: ['threat-report'],
    published: timestamp(row.created_at),
    ...marks(author, row.tlp),
    external_references: [
      {
        source_name: 'raptorflow-adapt',
        description: row.file_name,
        external_id: row.id,
        hashes: row.sha256 === null ? undefined : { 'SHA-256': row.sha256 },
      },
    ],
  }
}

function named(type: string, row: StixEntity, author: string): StixObject {
  return {
    ...common(type, stixId(type, row.id), row),
    name: row.name,
    ...marks(author, row.tlp),
  }
}

/** The id hangs on the CVE: an indicator and an entity of the same CVE are the same vulnerability. */
function vulnerability(
  cve: string,
  name: string,
  row: Pick<StixEntity, 'tlp' | 'created_at' | 'updated_at'>,
  author: string,
): StixObject {
  return {
    ...common('vulnerability', stixId('vulnerability', `${author}/${cve}`), row),
    name,
    ...marks(author, row.tlp),
    external_references: [{ source_name: 'cve', external_id: cve }],
  }
}

function aliases(names: readonly string[] | undefined): readonly string[] | undefined {
  return names !== undefined && names.length > 0 ? names : undefined
}

function attackReference(section: 'techniques' | 'groups' | 'software', id: string): object[] {
  return [
    {
      source_name: 'mitre-attack',
      description: attackAttribution,
      url: `https://attack.mitre.org/${section}/${id.replace('.', '/')}`,
      external_id: id,
    },
  ]
}
