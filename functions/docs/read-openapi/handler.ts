import { openApiDocument } from '#shared/documentation/openapi-document.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const respond: Respond<typeof route> = async ({ config }, { headers }) =>
  openApiDocument(config.PUBLIC_URL).answer(headers, 'public, max-age=300')
