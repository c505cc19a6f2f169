import { constants } from 'node:fs'
import { access, readdir, realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/** The emulators of Google's Cloud SDK that the drivers' suites run against. */
export type EmulatorName = 'pubsub' | 'firestore'

/** An emulator on this machine, as a command that still lacks `--host` and `--port`. */
export interface FoundEmulator {
  name: EmulatorName
  command: string
  args: string[]
}

interface Program {
  folder: string
  jar: RegExp
  javaArgs(jar: string): string[]
}

/** Tests need it to start fast and to be small, not to be fast for long. */
const javaOptions = ['-Duser.language=en', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xms32m', '-Xmx512m']

const programs: Record<EmulatorName, Program> = {
  pubsub: {
    folder: 'platform/pubsub-emulator/lib',
    jar: /^cloud-pubsub-emulator-.*\.jar$/,
    javaArgs: (jar) => ['-jar', jar],
  },
  firestore: {
    folder: 'platform/cloud-firestore-emulator',
    jar: /^cloud-firestore-emulator\.jar$/,
    javaArgs: (jar) => ['-cp', jar, 'com.google.cloud.datastore.emulator.firestore.CloudFirestore'],
  },
}

/** Where Google's installers, the packages of Debian and Fedora, Homebrew and snap put the SDK. */
const usualFolders = [
  join(homedir(), 'google-cloud-sdk'),
  '/usr/lib/google-cloud-sdk',
  '/usr/lib64/google-cloud-sdk',
  '/usr/share/google-cloud-sdk',
  '/usr/local/google-cloud-sdk',
  '/usr/local/share/google-cloud-sdk',
  '/opt/google-cloud-sdk',
  '/opt/homebrew/share/google-cloud-sdk',
  '/snap/google-cloud-sdk/current',
]

/**
 * Finds one of Google's emulators in an installed Cloud SDK: in `CLOUD_SDK` or gcloud's own `CLOUDSDK_ROOT_DIR`, beside
 * the `gcloud` of the PATH, or where the installers put it. Also needs a `java` (JAVA_HOME or PATH).
 *
 * @returns undefined when the SDK, its emulator or Java isn't there, or on Windows.
 */
export async function findEmulator(
  name: EmulatorName,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<FoundEmulator | undefined> {
  if (process.platform === 'win32') return undefined
  const java = await findJava(environment)
  if (java === undefined) return undefined
  const { folder, jar, javaArgs } = programs[name]
  for (const sdk of await sdkFolders(environment)) {
    const inside = join(sdk, folder)
    const file = (await readdir(inside).catch(() => [])).find((entry) => jar.test(entry))
    if (file !== undefined) return { name, command: java, args: [...javaOptions, ...javaArgs(join(inside, file))] }
  }
  return undefined
}

async function sdkFolders(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const told = [environment.CLOUD_SDK, environment.CLOUDSDK_ROOT_DIR].filter((folder) => folder !== undefined)
  // Who names a folder means that one: an SDK elsewhere would be a surprise.
  if (told.length > 0) return told
  const gcloud = await onPath('gcloud', environment)
  // The command on the PATH is often a link to `bin/gcloud` of the SDK.
  const beside = gcloud === undefined ? [] : [dirname(dirname(await realpath(gcloud)))]
  return [...beside, ...usualFolders]
}

async function findJava(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const home = environment.JAVA_HOME
  if (home) {
    const java = join(home, 'bin/java')
    if (await isExecutable(java)) return java
  }
  return await onPath('java', environment)
}

async function onPath(command: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    const file = join(folder, command)
    if (folder !== '' && (await isExecutable(file))) return file
  }
  return undefined
}

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}
