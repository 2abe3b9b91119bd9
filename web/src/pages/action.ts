import { Cell } from '../state/cell.ts'
import { errorText } from './error-text.ts'

type Describe = (error: unknown) => string

/** Something that a form does, one at a time: whether it is under way, and what went wrong with it, in words. */
export class Action {
  readonly isBusy = new Cell(false)
  /** Null while nothing has gone wrong. */
  readonly error = new Cell<string | null>(null)
  readonly #describe: Describe

  /** `describe`: what is said of errors for which `run` is given nothing else. */
  constructor(describe: Describe = errorText) {
    this.#describe = describe
  }

  /** Does nothing while it is under way. Resolves with whether it went well. */
  async run(work: () => Promise<unknown>, describe: Describe = this.#describe): Promise<boolean> {
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
