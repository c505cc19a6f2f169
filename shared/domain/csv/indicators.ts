import type { IndicatorType } from '../extraction/types.ts'
import { defang } from '../indicators/defang.ts'
import type { Tlp } from '../tlp.ts'
import type { CsvColumn } from './csv.ts'

/** A row of `indicators` with the names of the documents that it comes from. */
export interface CsvIndicator {
  type: IndicatorType
  value: string
  tlp: Tlp
  /** 0 to 100. */
  confidence: number
  first_seen: Date | string
  last_seen: Date | string
  valid_until: Date | string
  suppressed_reason: string | null
  /** Titles, file names or ids, as the reader is to see them. */
  documents: readonly string[]
}

const time = (instant: Date | string): string => new Date(instant).toISOString()

/** The columns of the indicator export; their names and order are a contract with whoever reads the file. */
export const indicatorColumns: readonly CsvColumn<CsvIndicator>[] = [
  { name: 'type', value: (row) => row.type },
  { name: 'value', value: (row) => row.value },
  { name: 'defanged_value', value: (row) => defang(row.type, row.value) },
  { name: 'tlp', value: (row) => row.tlp },
  { name: 'confidence', value: (row) => row.confidence },
  { name: 'first_seen', value: (row) => time(row.first_seen) },
  { name: 'last_seen', value: (row) => time(row.last_seen) },
  { name: 'valid_until', value: (row) => time(row.valid_until) },
  { name: 'suppressed_reason', value: (row) => row.suppressed_reason },
  { name: 'documents', value: (row) => row.documents.join('; ') },
]
