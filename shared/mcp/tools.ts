import {
  listEvidenceTool,
  readDocumentTool,
  readEntityTool,
  readIndicatorTool,
  searchTool,
} from '#shared/domain/agents/tools/reading.ts'
import { listBriefsTool, listRulesTool, readBriefTool, readRuleTool } from '#shared/domain/agents/tools/written.ts'
import type { ReadingTool } from '#shared/domain/agents/tools.ts'

const all = [
  searchTool,
  readIndicatorTool,
  readEntityTool,
  readDocumentTool,
  listEvidenceTool,
  listBriefsTool,
  readBriefTool,
  listRulesTool,
  readRuleTool,
] as unknown as readonly ReadingTool[]

/** What clients can use, by name: the reading tools of the agents, and nothing that changes or reaches outside. */
export const mcpTools: ReadonlyMap<string, ReadingTool> = new Map(all.map((tool) => [tool.name, tool]))
