import { Cell } from '../../state/cell.ts'
import { errorText } from '../error-text.ts'

/** Something that a form does: one at a time, and what went wrong in words. */
export class Attempt {
  readonly busy = new Cell(false)
  /** Null while nothing has gone wrong. */
  readonly failed = new Cell<string | null>(null)

  /** Whether it went well. Does nothing while another one is under way. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy.value) return false
    this.busy.value = true
    this.failed.value = null
    try {
      await work()
      return true
    } catch (error) {
      this.failed.value = errorText(error)
      return false
    } finally {
      this.busy.value = false
    }
  }
}
