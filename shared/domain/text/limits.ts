/** What one document may cost. */
export interface DocumentLimits {
  fileBytes: number
  pages: number
  /** Length of the text in UTF-16 code units. */
  textLength: number
  /** Open elements within one another (HTML, DOCX). */
  nesting: number
  /** Entries of an archive (DOCX is a ZIP). */
  archiveEntries: number
  /** Sum of an archive's unpacked sizes. */
  archiveBytes: number
  /** Unpacked size over packed size, applied once more than `archiveRatioFloorBytes` would be unpacked. */
  archiveRatio: number
  archiveRatioFloorBytes: number
}

const MEBIBYTE = 1024 * 1024

/**
 * The limits used when none are given. Deflate reaches 1,032:1 at most and word processors' XML about 30:1, so 200:1
 * over 16 MiB is no report.
 */
export const DEFAULT_LIMITS: DocumentLimits = {
  fileBytes: 50 * MEBIBYTE,
  pages: 2_000,
  textLength: 20 * MEBIBYTE,
  nesting: 512,
  archiveEntries: 10_000,
  archiveBytes: 512 * MEBIBYTE,
  archiveRatio: 200,
  archiveRatioFloorBytes: 16 * MEBIBYTE,
}

/** Fills what `given` leaves out with the defaults. */
export function withDefaultLimits(given: Partial<DocumentLimits> | undefined): DocumentLimits {
  return { ...DEFAULT_LIMITS, ...given }
}
