import type { Tool } from '../tools.ts'
import { notifyTool, proposeRelationshipTool, publishEventTool, writeBriefTool, writeRuleTool } from './changing.ts'
import {
  fetchTool,
  listEvidenceTool,
  readDocumentTool,
  readEntityTool,
  readIndicatorTool,
  searchTool,
} from './reading.ts'
import { writeIndicatorTool } from './write-indicator.ts'

const all = [
  searchTool,
  readIndicatorTool,
  readEntityTool,
  readDocumentTool,
  listEvidenceTool,
  fetchTool,
  proposeRelationshipTool,
  writeRuleTool,
  writeIndicatorTool,
  writeBriefTool,
  notifyTool,
  publishEventTool,
] as unknown as readonly Tool[]

/** Every tool by its name. */
export const tools: ReadonlyMap<string, Tool> = new Map(all.map((tool) => [tool.name, tool]))
