import { inChunks } from '../csv/chunks.ts'
import { type Tlp, tlpUpTo } from '../tlp.ts'
import { stixId } from './identifiers.ts'
import { markingDefinition } from './markings.ts'
import { identityOf, objectOfEntity, objectsOfIndicator, reportOf } from './objects.ts'
import { ReportContents } from './references.ts'
import type { StixDocument, StixEntity, StixIndicator, StixObject, StixProducer } from './types.ts'

type Rows<Row> = Iterable<Row> | AsyncIterable<Row>

/** Everything that a bundle is made of. Each list is read once, in the order entities, indicators, documents. */
export interface StixBundleInput {
  /** Names the bundle, e.g. the id of the export: the same id gives the same bundle id. */
  id: string
  producer: StixProducer
  documents: Rows<StixDocument>
  indicators: Rows<StixIndicator>
  entities: Rows<StixEntity>
  /** Also writes indicators that are held back as likely false positives, as `benign`. Default false. */
  includeSuppressed?: boolean
  /** Leaves out whatever is more restrictive, whoever selected the rows. Default RED, which is everything. */
  maximumTlp?: Tlp
}

/** What became of the rows of a bundle; final once the text has been read to its end. */
export interface StixBundleCounts {
  /** Objects in the bundle. */
  objects: number
  /** Rows left out: held back, too restrictive, not sayable in STIX (rule names, bad ports), documents that name nothing. */
  suppressed: number
  restricted: number
  inexpressible: number
  emptyDocuments: number
}

/** The text of a bundle in pieces, and what became of its rows. */
export interface StixBundleText extends AsyncIterable<string> {
  readonly counts: Readonly<StixBundleCounts>
}

/**
 * Writes a STIX 2.1 bundle (section 8) as JSON text. Objects stream through; only the references of the reports are kept,
 * 17 bytes each. The same rows give the same objects with the same ids, byte for byte.
 *
 * A report stands for each document and refers to all that the document names; that is the only relation the evidence
 * supports, so none such as `indicates` or `uses` is written.
 *
 * @param input rows as the database has them, and what may leave
 * @returns UTF-16 text in pieces of some 16,000 characters, to be read once
 * @throws RangeError when a row has no valid time
 */
export function writeStixBundle(input: StixBundleInput): StixBundleText {
  const counts = { objects: 0, suppressed: 0, restricted: 0, inexpressible: 0, emptyDocuments: 0 }
  const chunks = inChunks(bundleText(input, counts))
  return { counts, [Symbol.asyncIterator]: () => chunks }
}

async function* bundleText(input: StixBundleInput, counts: StixBundleCounts): AsyncGenerator<string> {
  const identity = identityOf(input.producer)
  const allowed = new Set(tlpUpTo(input.maximumTlp ?? 'RED'))
  const contents = new ReportContents()
  const marked = new Set<Tlp>()
  const vulnerabilities = new Map<string, ReadonlySet<string>>()

  const write = (json: string): string => (counts.objects++ === 0 ? json : `,\n${json}`)
  const writeMarked = (object: StixObject, tlp: Tlp): string => {
    const first = !marked.has(tlp)
    marked.add(tlp)
    return (first ? write(JSON.stringify(markingDefinition(tlp))) : '') + write(JSON.stringify(object))
  }

  yield `{"type":"bundle","id":"${stixId('bundle', input.id)}","objects":[\n`
  yield write(JSON.stringify(identity))

  for await (const row of input.entities) {
    if (!allowed.has(row.tlp)) {
      counts.restricted++
      continue
    }
    const object = objectOfEntity(row, identity.id)
    if (row.kind === 'vulnerability') vulnerabilities.set(object.id, new Set(row.document_ids))
    for (const documentId of row.document_ids) contents.add(documentId, object.id)
    yield writeMarked(object, row.tlp)
  }

  for await (const row of input.indicators) {
    if (!allowed.has(row.tlp)) {
      counts.restricted++
      continue
    }
    if (row.suppressed_reason !== null && input.includeSuppressed !== true) {
      counts.suppressed++
      continue
    }
    const objects = objectsOfIndicator(row, identity.id)
    if (objects.length === 0) counts.inexpressible++
    for (const object of objects) {
      // A CVE that is an entity too has been written already.
      const written = vulnerabilities.get(object.id)
      for (const documentId of row.document_ids) {
        if (!written?.has(documentId)) contents.add(documentId, object.id)
      }
      if (written === undefined) yield writeMarked(object, row.tlp)
    }
  }

  for await (const row of input.documents) {
    if (!allowed.has(row.tlp)) {
      counts.restricted++
      continue
    }
    // Section 4.16: object_refs must not be empty.
    if (!contents.has(row.id)) {
      counts.emptyDocuments++
      continue
    }
    const opening = writeMarked(reportOf(row, identity.id), row.tlp)
    yield `${opening.slice(0, -1)},"object_refs":[`
    let separator = ''
    for (const id of contents.of(row.id)) {
      yield `${separator}"${id}"`
      separator = ','
    }
    yield ']}'
  }
  yield '\n]}\n'
}
