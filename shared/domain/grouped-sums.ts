/**
 * Takes the rows of `group by grouping sets ((key), ())` apart.
 * @param rows the sum of all first, and one group more than `maximum` where there are more
 */
export function splitGroups<Row extends { group: unknown; is_total: unknown }>(rows: readonly Row[], maximum: number) {
  const [{ group: _, is_total: __, ...total }, ...groups] = rows as readonly [Row, ...Row[]]
  return {
    total,
    data: groups.slice(0, maximum).map(({ is_total: _, ...group }) => group),
    truncated: groups.length > maximum,
  }
}
