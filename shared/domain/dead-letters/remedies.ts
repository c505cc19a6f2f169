import { doLongStep, doStep } from '../agents/messages.ts'
import {
  extractIntelligence,
  extractText,
  indexDocument,
  scanDocument,
  validateDocument,
} from '../documents/messages.ts'
import { eraseOrganization, eraseWorkspace, forgetOrganization } from '../erasure/messages.ts'
import { buildExport } from '../exports/messages.ts'

/**
 * How a message that a function gave up is made good: it is sent again; or, where the function has already ended what the
 * message was about, that is begun anew, or can't be.
 */
export type Remedy = 'send' | 'reprocess-document' | { refusal: string }

const goesOn: Remedy = { refusal: 'The erasure goes on by itself' }

/** Functions that tidy up when they give up, by name: sending the same message again would find nothing to do. */
export const remedies: ReadonlyMap<string, Remedy> = new Map<string, Remedy>([
  ...[validateDocument, scanDocument, extractText, extractIntelligence, indexDocument].map(
    ({ name }): [string, Remedy] => [name, 'reprocess-document'],
  ),
  [buildExport.name, { refusal: 'The export has ended as failed; ask for a new one' }],
  [eraseOrganization.name, goesOn],
  [forgetOrganization.name, goesOn],
  [eraseWorkspace.name, goesOn],
  ...[doStep, doLongStep].map(({ name }): [string, Remedy] => [
    name,
    { refusal: 'The run has ended as failed; try it again from there' },
  ]),
  ['operations-receive-test-event', { refusal: 'The test has ended as failed; send another event' }],
  // The document was ready all the same: who was to be told of it is told now.
  ['notifications-document-finished', 'send'],
  ['unknown', { refusal: 'It is not known which function the message was for' }],
])
