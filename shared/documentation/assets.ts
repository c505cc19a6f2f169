import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ownAssets, packageAssets } from './reference-page.ts'
import { Representation } from './representation.ts'

const read = new Map<string, Promise<Representation>>()

/** A file that the reference page loads; null when it loads none of that name. */
export function readAsset(name: string): Promise<Representation> | null {
  const known = read.get(name)
  if (known) return known
  const asset = load(name)
  if (!asset) return null
  read.set(name, asset)
  // A file that could not be read may be readable the next time.
  asset.catch(() => read.delete(name))
  return asset
}

function load(name: string): Promise<Representation> | null {
  if (Object.hasOwn(ownAssets, name)) {
    const { content, mediaType } = ownAssets[name]!
    return Promise.resolve(new Representation(content, mediaType))
  }
  if (!Object.hasOwn(packageAssets, name)) return null
  const { file, mediaType } = packageAssets[name]!
  return readFile(join(assetFolder(), file)).then((content) => new Representation(content, mediaType))
}

/** A bundle holds the files beside its code; from source they are in the package. */
function assetFolder(): string {
  if (!import.meta.url.endsWith('.ts')) return dirname(fileURLToPath(import.meta.url))
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
}
