import type { Tool } from '../tools.ts'

const all: readonly Tool[] = []

/** Every tool by its name. */
export const tools: ReadonlyMap<string, Tool> = new Map(all.map((tool) => [tool.name, tool]))
