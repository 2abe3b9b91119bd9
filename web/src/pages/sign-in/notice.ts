import { Cell } from '../../state/cell.ts'

/** What another page has to say on the one where one logs in; null: nothing. */
export const notice = new Cell<{ readonly text: string; readonly email?: string } | null>(null)
