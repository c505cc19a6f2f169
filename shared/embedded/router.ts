import type { DiscoveredFunction } from '#shared/runtime/discover.ts'
import type { FunctionHandler } from '#shared/runtime/function-handler.ts'

interface Node {
  fixed: Map<string, Node>
  parameter: Node | null
  /** Handlers by method. */
  handlers: Map<string, FunctionHandler>
}

function emptyNode(): Node {
  return { fixed: new Map(), parameter: null, handlers: new Map() }
}

/**
 * Finds the function for a method and path, as the load balancer's URL map does in production. A fixed segment wins
 * over a parameter. A path that is known under other methods answers with one of their handlers, which says 405.
 */
export class Router {
  readonly #root = emptyNode()
  readonly #byName = new Map<string, FunctionHandler>()

  /** @throws Error when two routes have the same method and path */
  constructor(functions: readonly DiscoveredFunction[], toHandler: (found: DiscoveredFunction) => FunctionHandler) {
    for (const found of functions) {
      const handler = toHandler(found)
      this.#byName.set(found.name, handler)
      if (found.declaration.kind !== 'route') continue
      const { handlers } = this.#place(found.declaration.path)
      if (handlers.has(found.declaration.method)) {
        throw new Error(`two functions serve ${found.declaration.method} ${found.declaration.path}`)
      }
      handlers.set(found.declaration.method, handler)
    }
  }

  #place(path: string): Node {
    let node = this.#root
    for (const segment of path.split('/').slice(1)) {
      if (segment.startsWith('{')) {
        node.parameter ??= emptyNode()
        node = node.parameter
      } else {
        const next = node.fixed.get(segment) ?? emptyNode()
        node.fixed.set(segment, next)
        node = next
      }
    }
    return node
  }

  find(method: string, pathname: string): FunctionHandler | null {
    const handlers = search(this.#root, pathname.split('/'), 1)
    if (!handlers) return null
    return handlers.get(method === 'HEAD' ? 'GET' : method) ?? handlers.values().next().value ?? null
  }

  /** The function of this name, for pushes. */
  byName(name: string): FunctionHandler | null {
    return this.#byName.get(name) ?? null
  }
}

function search(node: Node, segments: string[], at: number): Node['handlers'] | null {
  const segment = segments[at]
  if (segment === undefined) return node.handlers.size > 0 ? node.handlers : null
  const fixed = node.fixed.get(segment)
  // A parameter is something: an empty segment, as after a slash at the end, names nothing.
  const parameter = segment === '' ? null : node.parameter
  return (fixed && search(fixed, segments, at + 1)) || (parameter && search(parameter, segments, at + 1)) || null
}
