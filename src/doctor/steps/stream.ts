/** Whether answers that come bit by bit arrive bit by bit: Server-Sent Events, which SignalR falls back to. */
import { PROBE_HEADER, STREAM_MS } from '#net'
import type { Answer } from '../ask.ts'
import { page } from '../http-answers.ts'
import { fault, ok, skipped, type Walk } from '../walk.ts'

/** Asks, and does not wait. */
export function askForStream(walk: Walk, path: string): Promise<Answer> {
  const answer = walk.ask({ path, headers: { [PROBE_HEADER]: 'stream' } })
  answer.catch(() => {}) // Whoever waits for it is told.
  return answer
}

/** `asked`: what was asked for; `undefined` where no probe would answer. */
export async function checkStream(walk: Walk, path: string, asked: Promise<Answer> | undefined): Promise<void> {
  const title = `an answer in parts at ${path}`
  if (asked === undefined) {
    walk.skip('stream', title, 'no probe answers')
    return
  }
  await walk.step('stream', title, async () => {
    const answer = await asked
    const { status, partsAtMs, body, headers } = answer
    if (status !== 200 || headers[PROBE_HEADER.toLowerCase()] === undefined || !body.includes('data: 3')) {
      return skipped(`there is none: ${status} ${page(answer)}`)
    }
    const lastMs = Math.round(partsAtMs.at(-1)! - partsAtMs[0]!)
    if (lastMs >= STREAM_MS / 3) return ok(`its parts arrive one by one, the last ${lastMs} ms after the first`)
    const says = `its parts were sent over ${STREAM_MS / 1000} s and arrive all at once: the proxy keeps them back`
    return fault('buffering', says, { path })
  })
}
