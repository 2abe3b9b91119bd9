import { Cell } from '../../state/cell.ts'
import { signInErrorText } from './error-text.ts'

/** Something that a form does, one at a time: whether it is under way, and what went wrong with it, in words. */
export class Action {
  readonly isBusy = new Cell(false)
  readonly error = new Cell<string | null>(null)

  /** Does nothing while it is under way. Resolves with whether it went well. */
  async run(work: () => Promise<void>, describe: (error: unknown) => string = signInErrorText): Promise<boolean> {
    if (this.isBusy.value) return false
    this.isBusy.value = true
    this.error.value = null
    try {
      await work()
      return true
    } catch (error) {
      this.error.value = describe(error)
      return false
    } finally {
      this.isBusy.value = false
    }
  }
}
