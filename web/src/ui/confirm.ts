import { Cell } from '../state/cell.ts'

export interface Question {
  readonly title: string
  readonly text: string
  /** What the button says: a verb, as "Delete" is. */
  readonly action: string
  /** What the other says; "Cancel" if nothing else is named. */
  readonly cancel?: string
  /** It cannot be undone. */
  readonly danger?: boolean
}

interface Asked extends Question {
  readonly answer: (yes: boolean) => void
}

/** What is being asked, for `ConfirmHost.svelte`. */
export const asked = new Cell<Asked | null>(null)

/** Asks in a dialog, and resolves with whether it was said yes to. Whatever was asked before is taken for a no. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false)
  return new Promise((resolve) => {
    const answer = (yes: boolean) => {
      asked.value = null
      resolve(yes)
    }
    asked.value = { ...question, answer }
  })
}

/** What is asked is of no more use, as when the vault is locked: that is a no. */
export function withdrawQuestion(): void {
  asked.value?.answer(false)
}
