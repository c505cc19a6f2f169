import { readdir } from 'node:fs/promises'
import { requireNode } from './require-node.ts'

/** What each file in scripts/commands exports. */
interface Command {
  /** One line for the list of commands. */
  summary: string
  /** The command's arguments and what it does, without the "npm run adapt -- " before it. */
  usage: string
  /** @returns the exit code: 0 done, 1 something failed, 2 wrong arguments */
  run(args: string[]): Promise<number>
}

const FOLDER = new URL('./commands/', import.meta.url)
const WRONG_ARGUMENTS = 2

requireNode()
// Who reads the output may have enough (`| head`); that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
process.exitCode = await dispatch(process.argv.slice(2))

async function dispatch([name, ...args]: string[]): Promise<number> {
  const names = await commandNames()
  if (name === undefined || !names.includes(name)) {
    const asked = name === undefined || name === '--help' || name === '-h'
    if (!asked) console.error(`There is no command "${name}".\n`)
    console.error(await listOf(names))
    return WRONG_ARGUMENTS
  }
  const command = await load(name)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(`Usage: npm run adapt -- ${command.usage}`)
    return 0
  }
  try {
    return await command.run(args)
  } catch (error) {
    if (!isArgumentError(error)) throw error
    console.error(`${error.message}\n\nUsage: npm run adapt -- ${command.usage}`)
    return WRONG_ARGUMENTS
  }
}

async function commandNames(): Promise<string[]> {
  const files = await readdir(FOLDER)
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -3))
    .sort()
}

async function listOf(names: string[]): Promise<string> {
  const width = Math.max(...names.map((name) => name.length))
  const lines = await Promise.all(names.map(async (name) => `  ${name.padEnd(width)}  ${(await load(name)).summary}`))
  return [
    'Usage: npm run adapt -- COMMAND …',
    '',
    ...lines,
    '',
    'COMMAND --help tells its arguments. `npm run -s adapt` keeps npm’s own lines out of the output.',
  ].join('\n')
}

function load(name: string): Promise<Command> {
  return import(new URL(`${name}.ts`, FOLDER).href)
}

function isArgumentError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}
