import type postgres from 'postgres'

/**
 * The tagged template that runs a statement inside the current transaction. Values become parameters; lists are
 * passed as `in ${sql(list)}` or as JSON (`jsonb_to_recordset`), never as SQL arrays.
 */
export type Sql = postgres.ISql

/** A value that can be stored as JSON. */
export type Json = postgres.JSONValue
