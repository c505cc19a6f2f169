import * as v from 'valibot'
import { Id } from '../ids.ts'
import { eventType, taskType } from '../messaging.ts'
import { DocumentStep } from './schemas.ts'

// The main pipeline, one task a step; each step enqueues the next in the transaction of its own effect.
export const validateDocument = taskType('default', 'documents-validate', DocumentStep)
export const scanDocument = taskType('default', 'documents-scan', DocumentStep)
export const extractText = taskType('long-running', 'documents-extract-text', DocumentStep)
export const extractIntelligence = taskType('default', 'documents-extract-intelligence', DocumentStep)
export const indexDocument = taskType('default', 'documents-index', DocumentStep)

/** A document has gone through the pipeline, well or not. */
export const documentFinished = eventType(
  'documents',
  'document.finished',
  v.object({ document_id: Id, job_id: Id, outcome: v.picklist(['ready', 'rejected', 'failed']) }),
)
