import { readDocument } from '#shared/domain/documents/documents.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql }, { params }) => ({
  status: 200,
  body: await readDocument(sql, params.document_id),
})
