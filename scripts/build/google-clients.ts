import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Plugin } from 'esbuild'

/**
 * The clients of Firestore and Secret Manager, which we call over REST, load gRPC without using it. What they need of
 * Google's common library is its part without gRPC: a fifth of the time of the first call is saved.
 */
export const withoutGrpc: Plugin = {
  name: 'without-grpc',
  setup(build) {
    build.onResolve({ filter: /^google-gax$/ }, ({ importer }) =>
      /\/node_modules\/@google-cloud\/(firestore|firestore-api|secret-manager)\//.test(importer)
        ? { path: 'google-gax', namespace: 'without-grpc' }
        : undefined,
    )
    const folder = build.initialOptions.absWorkingDir!
    // The package exports this function only together with gRPC.
    const util = join(folder, 'node_modules/google-gax/build/src/util.js')
    build.onLoad({ filter: /.*/, namespace: 'without-grpc' }, () => ({
      contents: `
        const fallback = require('google-gax/fallback')
        const { decodeAnyProtosInArray } = require(${JSON.stringify(util)})
        const loggingUtils = require('google-logging-utils')
        module.exports = { ...fallback, fallback, decodeAnyProtosInArray, loggingUtils }`,
      resolveDir: folder,
    }))
  },
}

/**
 * What packages of Google's clients use when it is there, and do without: colours for debugging output, and encodings
 * that nothing of Google's answers in. It is not there.
 */
export const withoutOptionalPackages: Plugin = {
  name: 'without-optional-packages',
  setup(build) {
    build.onResolve({ filter: /^(supports-color|encoding)$/ }, ({ path }) => ({ path, namespace: 'optional-package' }))
    build.onLoad({ filter: /.*/, namespace: 'optional-package' }, () => ({ contents: 'module.exports = {}' }))
  },
}

const readCall = /getJSON\(path\.join\(dirname, ([^)]+)\)\)/g

/** The client of Cloud Tasks reads three JSON files beside itself, which would not be there: they go into its code. */
export const tasksJson: Plugin = {
  name: 'tasks-json',
  setup(build) {
    build.onLoad({ filter: /\/@google-cloud\/tasks\/build\/esm\/.*_client\.js$/ }, async ({ path }) => {
      const imports: string[] = []
      const source = await readFile(path, 'utf8')
      const contents = source.replaceAll(readCall, (_, parts: string) => {
        const file = join(dirname(path), ...parts.split(',').map((part) => part.trim().replaceAll("'", '')))
        imports.push(`import json${imports.length} from ${JSON.stringify(file)}`)
        return `json${imports.length - 1}`
      })
      if (imports.length !== 3) throw new Error(`${path} reads other files than it did`)
      return { contents: `${imports.join('\n')}\n${contents}` }
    })
  },
}
