/** Something that a reload is about to do, and that cannot fail any more. One of the two is called, once. */
export interface ReloadStep {
  install(): void
  undo(): Promise<void>
}

export const NOTHING_TO_DO: ReloadStep = { install: () => {}, undo: async () => {} }

/**
 * All the steps that `prepare` adds, as one. Undone in reverse order, also when `prepare` rejects: nothing has changed
 * then.
 */
export async function inSteps(prepare: (add: (step: ReloadStep) => void) => Promise<void>): Promise<ReloadStep> {
  const steps: ReloadStep[] = []
  const undo = async () => {
    for (const step of steps.toReversed()) await step.undo()
  }
  try {
    await prepare((step) => void steps.push(step))
  } catch (error) {
    await undo()
    throw error
  }
  return {
    install: () => {
      for (const step of steps) step.install()
    },
    undo,
  }
}
