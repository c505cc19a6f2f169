import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** The packages that a process of its own has loaded once it has imported this module, and nothing was called. */
export async function loadedPackages(module: string): Promise<string[]> {
  const script = `
    const { registerHooks, createRequire } = require('node:module')
    const urls = new Set()
    registerHooks({ load(url, context, next) { urls.add(url); return next(url, context) } })
    import(process.argv[1]).then(() => {
      const names = [...urls].flatMap((url) => /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url)?.[1] ?? [])
      console.log(JSON.stringify([...new Set(names)].sort()))
    })`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, `${repository}${module}`])
  return JSON.parse(stdout)
}
