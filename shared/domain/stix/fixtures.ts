import type { StixDocument, StixEntity, StixIndicator, StixProducer } from './types.ts'

/** Rows for the tests of this folder. */

/** A UUIDv7 such as the database holds, by number. */
export function rowId(number: number): string {
  return `01960d4e-3b7a-7cc1-8f6e-${number.toString(16).padStart(12, '0')}`
}

export const documentId = rowId(500)

export const producer: StixProducer = {
  id: rowId(600),
  name: 'Example CERT',
  created_at: '2026-10-01T00:00:00.000Z',
  updated_at: '2026-10-01T00:00:00.000Z',
}

export function buildDocument(overrides: Partial<StixDocument>): StixDocument {
  return {
    id: documentId,
    title: 'Advisory AA26-001A',
    file_name: 'AA26-001A.pdf',
    tlp: 'AMBER',
    sha256: 'ab'.repeat(32),
    created_at: new Date('2026-11-01T09:00:00Z'),
    updated_at: new Date('2026-11-01T09:00:05Z'),
    ...overrides,
  }
}

export function buildIndicator(overrides: Partial<StixIndicator>): StixIndicator {
  return {
    id: rowId(700),
    type: 'ipv4',
    value: '198.51.100.3',
    tlp: 'AMBER',
    confidence: 75,
    suppressed_reason: null,
    first_seen: new Date('2026-11-01T00:00:00Z'),
    valid_until: new Date('2027-01-30T00:00:00Z'),
    created_at: new Date('2026-11-02T10:00:00.123Z'),
    updated_at: new Date('2026-11-03T10:00:00Z'),
    document_ids: [documentId],
    ...overrides,
  }
}

export function buildEntity(overrides: Partial<StixEntity>): StixEntity {
  return {
    id: rowId(800),
    kind: 'technique',
    external_id: 'T1059',
    name: 'Command and Scripting Interpreter',
    tlp: 'AMBER',
    created_at: new Date('2026-11-02T10:00:00Z'),
    updated_at: new Date('2026-11-02T10:00:00Z'),
    document_ids: [documentId],
    ...overrides,
  }
}
