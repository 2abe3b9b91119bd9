import type { Session } from './session.ts'

/** What people do with a page. `pointermove` as well: reading is using it. */
const INPUT = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const
/** When a page may have stood still for long. */
const AWAKENING = ['focus', 'pageshow', 'resume', 'visibilitychange'] as const

/**
 * Tells the session of input, so that it locks when there is none, and of when the page is put away and taken out again, as
 * browsers do that go back faster than by loading it. What is returned ends that.
 */
export function followInput(session: Session, page: readonly EventTarget[]): () => void {
  const ended = new AbortController()
  const options = { capture: true, passive: true, signal: ended.signal }
  for (const target of page) {
    for (const event of INPUT) target.addEventListener(event, () => session.noteInput(), options)
    for (const event of AWAKENING) target.addEventListener(event, () => session.checkIdle(), options)
    target.addEventListener('pagehide', (event) => isKept(event) && session.putAway(), options)
    target.addEventListener('pageshow', (event) => isKept(event) && session.takeOut(), options)
  }
  return () => ended.abort()
}

/** It goes, or has been, where browsers keep pages that were left, and is not loaded anew. */
const isKept = (event: Event): boolean => 'persisted' in event && event.persisted === true
