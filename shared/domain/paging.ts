import * as v from 'valibot'

/** Signs and opens the opaque cursors of a list. */
export interface Cursors {
  sign(position: string): string
  /** @throws AppError VALIDATION_ERROR when the cursor was tampered with or belongs elsewhere */
  open(cursor: string): string
}

/** Query parameters of every list. */
export const pageQuery = {
  'page[size]': v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,3}$/, 'must be a whole number'),
      v.transform(Number),
      v.minValue(1, 'must be at least 1'),
      v.maxValue(100, 'must be at most 100'),
    ),
    '20',
  ),
  'page[cursor]': v.optional(v.pipe(v.string(), v.maxLength(500))),
}

/** Which part of a list is wanted: `size` rows with an id smaller than `before` (newest first). */
export interface Page {
  size: number
  before: string | null
}

export function readPage(query: { 'page[size]': number; 'page[cursor]'?: string | undefined }, cursors: Cursors): Page {
  const cursor = query['page[cursor]']
  return { size: query['page[size]'], before: cursor === undefined ? null : cursors.open(cursor) }
}

/** The largest UUID: every id is smaller. */
export const endOfIds = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/**
 * Makes the body of a list's answer.
 * @param rows one row more than the page's size where there is more
 */
export function pageBody<Row extends { id: string }>(rows: Row[], page: Page, cursors: Cursors) {
  return pageBodyBy(rows, page, cursors, ({ id }) => id)
}

/** The same for a list that is not ordered by id. @param positionOf what says where a row stands in the list */
export function pageBodyBy<Row>(rows: Row[], page: Page, cursors: Cursors, positionOf: (row: Row) => string) {
  const data = rows.slice(0, page.size)
  const last = rows.length > page.size ? data.at(-1) : undefined
  return {
    data,
    meta: { next_cursor: last ? cursors.sign(positionOf(last)) : null, has_more: last !== undefined },
  }
}

/** Schema of a list's answer. */
export function pageOf<const Item extends v.GenericSchema>(item: Item) {
  return v.strictObject({
    data: v.array(item),
    meta: v.strictObject({ next_cursor: v.nullable(v.string()), has_more: v.boolean() }),
  })
}
