/** A task as it is asked of a model: the workspace's own instructions come after ours. */
export function asked<Output>(task: { name: string; system: string; output: Output }, instructions: string) {
  const system = instructions === '' ? task.system : `${task.system}\n\nOf the workspace:\n${instructions}`
  return { task: task.name, system, output: task.output }
}

/** Nodes of seconds, and nodes that wait for models. */
export const quick = { kind: 'work', queue: 'priority', timeoutSeconds: 25, attempts: 3 } as const
export const withModel = { kind: 'work', queue: 'long-running', timeoutSeconds: 300, attempts: 3 } as const
