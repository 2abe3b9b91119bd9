import type { SessionState } from '../../session/state.ts'
import { Cell } from '../../state/cell.ts'

/** Something generated that was copied or used. */
export interface Generated {
  readonly value: string
  readonly at: Date
}

/** As many as are looked back for. */
const MOST = 50

/** What was generated since the vault was opened, the newest first. Only in memory: it goes when the vault is locked. */
export class GeneratorHistory {
  readonly entries = new Cell<readonly Generated[]>([])

  constructor(session: Cell<SessionState>) {
    session.listen(({ kind }) => {
      if (kind !== 'unlocked') this.clear()
    })
  }

  add(value: string, at = new Date()): void {
    if (value === '' || this.entries.value[0]?.value === value) return
    const others = this.entries.value.filter((entry) => entry.value !== value)
    this.entries.value = [{ value, at }, ...others].slice(0, MOST)
  }

  clear(): void {
    this.entries.value = []
  }
}

const histories = new WeakMap<Cell<SessionState>, GeneratorHistory>()

/** The one of a session: the page and the forms of items share it. */
export function historyOf(session: Cell<SessionState>): GeneratorHistory {
  const history = histories.get(session) ?? new GeneratorHistory(session)
  histories.set(session, history)
  return history
}
