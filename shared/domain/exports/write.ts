import { csvMediaType, writeCsv } from '../csv/csv.ts'
import { type CsvIndicator, indicatorColumns } from '../csv/indicators.ts'
import { writeStixBundle } from '../stix/bundle.ts'
import {
  type ExportRows,
  exportedDocuments,
  exportedEntities,
  exportedIndicators,
  type OpenExport,
  type Read,
} from './exports.ts'

export interface ExportFile {
  contentType: string
  /** The file in pieces; rows are read from the database as it is written. */
  content: AsyncIterable<string>
}

/** Writes the file of an export. */
export function writeExport(read: Read, row: OpenExport): ExportFile {
  const rows: ExportRows = { read, workspaceId: row.workspace_id, filter: row.filter }
  return row.format === 'stix' ? stixFile(rows, row) : csvFile(rows)
}

function stixFile(rows: ExportRows, row: OpenExport): ExportFile {
  return {
    contentType: 'application/stix+json;version=2.1',
    content: writeStixBundle({
      id: row.id,
      producer: row.organization,
      documents: exportedDocuments(rows),
      indicators: exportedIndicators(rows),
      entities: exportedEntities(rows),
      includeSuppressed: row.filter.include_suppressed,
      maximumTlp: row.filter.maximum_tlp,
    }),
  }
}

function csvFile(rows: ExportRows): ExportFile {
  return { contentType: csvMediaType, content: writeCsv(indicatorColumns, withTitles(rows)) }
}

/** The indicators with the names of their documents. */
async function* withTitles(rows: ExportRows): AsyncIterable<CsvIndicator> {
  const titles = new Map<string, string>()
  for await (const document of exportedDocuments(rows)) titles.set(document.id, document.title ?? document.file_name)
  for await (const { document_ids, ...indicator } of exportedIndicators(rows)) {
    yield { ...indicator, documents: document_ids.map((id) => titles.get(id) ?? id) }
  }
}
