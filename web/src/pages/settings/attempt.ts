import { Refused } from '../../api/errors.ts'
import { Cell } from '../../state/cell.ts'
import { errorText } from '../error-text.ts'

/** Something that a form does: one at a time, and what went wrong in words. */
export class Attempt {
  readonly busy = new Cell(false)
  /** Null while nothing has gone wrong. */
  readonly failed = new Cell<string | null>(null)

  /**
   * Whether it went well. Does nothing while another one is under way. `faults`: what is said when the server finds fault
   * with a field of the request, by the field's name; of others it speaks itself, in its own language.
   */
  async run(work: () => Promise<unknown>, faults: Readonly<Record<string, string>> = {}): Promise<boolean> {
    if (this.busy.value) return false
    this.busy.value = true
    this.failed.value = null
    try {
      await work()
      return true
    } catch (error) {
      this.failed.value = faultIn(error, faults) ?? errorText(error)
      return false
    } finally {
      this.busy.value = false
    }
  }
}

function faultIn(error: unknown, faults: Readonly<Record<string, string>>): string | undefined {
  return error instanceof Refused ? Object.keys(error.fields).flatMap((field) => faults[field] ?? [])[0] : undefined
}
