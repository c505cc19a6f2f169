import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import { newId } from '#shared/domain/ids.ts'
import { type NodeOutput, repeats, stepsPerRun } from './trivial-graph.ts'

export interface LangGraphRunner {
  /** One call for the whole run, in this process. */
  runWhole(): Promise<void>
  /** One call a superstep, each of which may be made by another process. */
  runBySupersteps(): Promise<void>
  stop(): Promise<void>
}

const State = Annotation.Root({
  outputs: Annotation<Record<string, NodeOutput>>({
    reducer: (old, more) => ({ ...old, ...more }),
    default: () => ({}),
  }),
  steps: Annotation<number>({ reducer: (old, more) => old + more, default: () => 0 }),
  rounds: Annotation<number>({ reducer: (old, more) => old + more, default: () => 0 }),
})
type State = typeof State.State

function doNothing(node: string, rounds = 0) {
  return async ({ outputs }: State) => ({
    outputs: { [node]: { node, seen: Object.keys(outputs).length } },
    steps: 1,
    rounds,
  })
}

/** The trivial graph in LangGraph.js, with its PostgreSQL saver. Every superstep is durable before the next begins. */
export async function startLangGraph(databaseUrl: string): Promise<LangGraphRunner> {
  const saver = PostgresSaver.fromConnString(databaseUrl)
  await saver.setup()
  const graph = new StateGraph(State)
    .addNode('start', doNothing('start'))
    .addNode('left', doNothing('left'))
    .addNode('middle', doNothing('middle'))
    .addNode('right', doNothing('right'))
    .addNode('join', doNothing('join'))
    .addNode('again', doNothing('again', 1))
    .addNode('end', doNothing('end'))
    .addEdge(START, 'start')
    .addEdge('start', 'left')
    .addEdge('start', 'middle')
    .addEdge('start', 'right')
    .addEdge(['left', 'middle', 'right'], 'join')
    .addEdge('join', 'again')
    .addConditionalEdges('again', ({ rounds }) => (rounds <= repeats ? 'join' : 'end'), ['join', 'end'])
    .addEdge('end', END)
    .compile({ checkpointer: saver })

  const configure = () => ({ configurable: { thread_id: newId() }, durability: 'sync' as const })
  const hasEnded = ({ outputs }: State) => outputs.end !== undefined
  const assertWhole = (state: State) => {
    if (hasEnded(state) && state.steps === stepsPerRun) return
    throw new Error(`LangGraph ended after ${state.steps} nodes: ${Object.keys(state.outputs).join(', ')}`)
  }
  return {
    async runWhole() {
      assertWhole(await graph.invoke({}, configure()))
    },
    async runBySupersteps() {
      const config = { ...configure(), interruptAfter: '*' as const }
      let state = await graph.invoke({}, config)
      for (let calls = 1; !hasEnded(state) && calls < stepsPerRun; calls++) state = await graph.invoke(null, config)
      assertWhole(state)
    },
    stop: () => saver.end(),
  }
}
