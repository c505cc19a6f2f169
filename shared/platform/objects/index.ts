import type { Readable } from 'node:stream'

/** Logical buckets; the driver maps them to `raptorflow-{env}-{bucket}`. */
export const buckets = ['uploads', 'exports', 'artifacts'] as const
export type Bucket = (typeof buckets)[number]

export interface StoredObject {
  body: Readable
  sizeBytes: number
  contentType: string
  /** Changes whenever the object's content is replaced. */
  generation: string
}

export interface SignedUrl {
  url: string
  method: 'GET' | 'PUT'
  /** Headers that the caller must send along, e.g. the content type that was signed. */
  headers: Record<string, string>
  expiresAt: Date
}

export interface SignOptions {
  method: 'GET' | 'PUT'
  expiresInSeconds: number
  /** PUT only: the content type that must be sent. */
  contentType?: string
  /** PUT only: larger bodies are refused. */
  maximumBytes?: number
  /** GET only: the name offered to the person who downloads. */
  downloadName?: string
}

/** Files in buckets. Keys are relative paths of `[A-Za-z0-9._-]` segments; anything else throws `PlatformError`. */
export interface ObjectStore {
  /** Writes the whole object or nothing; a reader never sees half of it. Replaces what is there. */
  write(
    bucket: Bucket,
    key: string,
    body: Readable | Uint8Array | string,
    contentType: string,
  ): Promise<{ sizeBytes: number; generation: string }>
  read(bucket: Bucket, key: string): Promise<StoredObject | null>
  /** A URL that lets its holder do this one thing until it expires. A signed PUT creates: it never replaces an object (412). */
  sign(bucket: Bucket, key: string, options: SignOptions): Promise<SignedUrl>
  /** Removes the object; removing what is not there is fine. */
  remove(bucket: Bucket, key: string): Promise<void>
  /**
   * Removes objects whose keys begin with a prefix, a part of them at a time: whoever calls it again and again has
   * removed all of them, whatever interrupted them in between.
   * @param prefix how keys may begin, e.g. `018f…/`; never empty
   * @param limit the most to remove in this call
   * @returns how many were removed; 0 when none are left
   */
  removeSome(bucket: Bucket, prefix: string, limit: number): Promise<number>
}
