import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Debian's name of the program, and those of others. */
const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The system's Chromium (or the one of CHROMIUM_PATH); null when none is installed. */
export async function findBrowser(environment: Readonly<Record<string, string | undefined>>): Promise<string | null> {
  const folders = (environment.PATH ?? '').split(delimiter).filter(Boolean)
  const named = environment.CHROMIUM_PATH ? [environment.CHROMIUM_PATH] : []
  for (const path of [...named, ...programs.flatMap((name) => folders.map((folder) => join(folder, name)))]) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return null
}

/** Starts it without a window, with a profile of its own that goes with it. */
export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // Its sandbox refuses to work for root, as whom containers run.
    chromiumSandbox: process.getuid?.() !== 0,
    // Containers have a /dev/shm of 64 MB.
    args: ['--disable-dev-shm-usage'],
    timeout: 120_000,
  })
}
