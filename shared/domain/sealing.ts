/** Locks up what is handed to a client (or a table) and must come back unread and unchanged. */
export interface Sealer {
  /**
   * @param expiresAt - from this moment on it can't be opened any more.
   * @returns base64url text, 41 bytes longer than the content.
   */
  seal(content: string | Uint8Array, expiresAt: Date): string
  /** What was sealed; null when it was changed, is of another purpose, has expired, or is no seal at all. */
  open(sealed: string, now: Date): Uint8Array | null
}
