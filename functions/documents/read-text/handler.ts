import { readDocument } from '#shared/domain/documents/documents.ts'
import { readText } from '#shared/domain/documents/passages.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => {
  await readDocument(sql, params.document_id)
  return { status: 200, body: await readText(sql, params.document_id) }
}
