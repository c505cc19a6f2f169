import type { Sql } from '../sql.ts'

/** A table with rows of tenants, as the catalog of the database knows it. */
export interface TenantTable {
  name: string
  /** Whether this role may delete its rows; the log of the audit is erased by a function of its own. */
  deletable: boolean
  /** `always`: each row belongs to one workspace. */
  workspace: 'never' | 'sometimes' | 'always'
  /** Whether rows name objects in a bucket. */
  hasObjects: boolean
  /** The tables that its rows refer to. */
  refersTo: string[]
}

/**
 * Every table that has rows of tenants, those that refer to others before those. It is asked of the catalog: a table
 * that is made tomorrow is erased like those of today.
 */
export async function listTenantTables(sql: Sql): Promise<TenantTable[]> {
  const tables = await sql<TenantTable[]>`
    select c.relname as name, has_table_privilege(c.oid, 'DELETE') as deletable,
      case when w.attnotnull then 'always' when w.attnum is not null then 'sometimes' else 'never' end as workspace,
      k.attnum is not null as "hasObjects",
      coalesce((
        select jsonb_agg(distinct f.relname) from pg_constraint r join pg_class f on f.oid = r.confrelid
        where r.conrelid = c.oid and r.contype = 'f' and r.confrelid <> c.oid
      ), '[]') as "refersTo"
    from pg_class c
    join pg_attribute o on o.attrelid = c.oid and o.attname = 'org_id' and not o.attisdropped
    left join pg_attribute w on w.attrelid = c.oid and w.attname = 'workspace_id' and not w.attisdropped
    left join pg_attribute k on k.attrelid = c.oid and k.attname = 'object_key' and not k.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname`
  return referringFirst(tables)
}

/** Puts tables in front of those that they refer to; where they refer to each other in a circle, the names decide. */
export function referringFirst<Table extends Pick<TenantTable, 'name' | 'refersTo'>>(
  tables: readonly Table[],
): Table[] {
  const left = [...tables]
  const ordered: Table[] = []
  while (left.length > 0) {
    const isReferredTo = (table: Table) => left.some((other) => other !== table && other.refersTo.includes(table.name))
    const at = Math.max(
      0,
      left.findIndex((table) => !isReferredTo(table)),
    )
    ordered.push(...left.splice(at, 1))
  }
  return ordered
}
