import { taskType } from '../messaging.ts'
import { ExportTask } from './schemas.ts'

export const buildExport = taskType('long-running', 'exports-build', ExportTask)
