import { fileURLToPath } from 'node:url'
import type { BuildOptions, Plugin } from 'esbuild'
import { tasksJson, withoutGrpc, withoutOptionalPackages } from './google-clients.ts'

/** The folder that everything is resolved from. */
export const repository = fileURLToPath(new URL('../../', import.meta.url))

/**
 * winston brings two copies of Node's streams along; Node's own do as well, and a start is 10 ms shorter. It asks for
 * the stream module, and for the file in it that holds `Writable`.
 */
const nativeStreams: Plugin = {
  name: 'native-streams',
  setup(build) {
    build.onResolve({ filter: /^readable-stream$/ }, () => ({ path: 'node:stream', external: true }))
    build.onResolve({ filter: /^readable-stream\/lib\/_stream_writable(\.js)?$/ }, () => ({
      path: 'Writable',
      namespace: 'native-streams',
    }))
    build.onLoad({ filter: /.*/, namespace: 'native-streams' }, ({ path }) => ({
      contents: `module.exports = require('node:stream').${path}`,
    }))
  },
}

/** Settings of everything that is bundled; the caller adds entry points and plugins. */
export const commonSettings = {
  absWorkingDir: repository,
  outdir: 'dist',
  write: false,
  metafile: true,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: true,
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
  // For the CommonJS packages among the sources. Not imported, which would make Node list all exports.
  banner: {
    js: "const require=process.getBuiltinModule('node:module').createRequire(import.meta.url),__dirname=import.meta.dirname;",
  },
  plugins: [nativeStreams, withoutGrpc, withoutOptionalPackages, tasksJson],
  logLevel: 'silent',
} satisfies BuildOptions
