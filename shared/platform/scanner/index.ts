import { createBuiltinScanner } from './builtin.ts'
import { type ClamdConfig, createClamdScanner } from './clamd.ts'

/** What a scanner says of one file. */
export interface ScanResult {
  infected: boolean
  /** The engine's name for what it found, e.g. "Win.Trojan.Agent-123"; null for a clean file. */
  signature: string | null
  /** Name and version of the engine, with its signatures' version where it tells it. */
  engine: string
}

/** Looks for malware in files. */
export interface Scanner {
  /**
   * Scans one file to its end. "Clean" is only ever what the engine itself said: when it can't be reached, is too slow
   * or answers with something else, this throws `PlatformError` UNAVAILABLE, and the scan is to be tried again later. A
   * file larger than the engine takes is INVALID_ARGUMENT: trying again won't help.
   *
   * @param content the file's bytes, whole or in order piece by piece
   */
  scan(content: ScanContent): Promise<ScanResult>
}

export type ScanContent = Uint8Array | AsyncIterable<Uint8Array>

/** Which scanner to use. `builtin` knows the EICAR test file only and is for development. */
export type ScannerConfig = { kind: 'builtin' } | ({ kind: 'clamd' } & ClamdConfig)

/** The scanner that the configuration names. */
export function openScanner(config: ScannerConfig): Scanner {
  switch (config.kind) {
    case 'builtin':
      return createBuiltinScanner()
    case 'clamd':
      return createClamdScanner(config)
  }
}
