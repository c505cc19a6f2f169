import { newId } from '#shared/domain/ids.ts'
import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = ({ orgId }) => ({
  places: [{ bucket: 'uploads', prefix: `${orgId}/${newId()}` }],
})
