import type { CustomTypesConfig } from 'pg'
import pg from 'pg'

const { builtins } = pg.types

/**
 * How values come out of the driver, as `tables.ts` expects them. Given to each connection: the driver's own table is
 * shared with everything else in the process.
 */
export const columnTypes: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    switch (oid) {
      // The driver would make a Date of it, in the time zone of this machine.
      case builtins.TIMESTAMP:
        return (text: string) => text
      // Counts, all of them far below 2^53.
      case builtins.INT8:
        return Number
      default:
        return pg.types.getTypeParser(oid, format as 'text')
    }
  }) as CustomTypesConfig['getTypeParser'],
}
