import { PROBE_HEADER } from '#net'
import { ask, NoAnswer } from './ask.ts'
import { Place } from './place.ts'
import { openSocket, upgradeHeaders } from './socket.ts'
import { HUB, refused } from './steps/hub.ts'
import { arrivalFinding } from './steps/paths.ts'
import { arrivalIn } from './walk.ts'

export interface WhyNoHubOptions {
  /** `http:` or `https:`, with the path that the server may have. */
  readonly server: string
  readonly accessToken: string
  readonly signal: AbortSignal
}

/**
 * Asks for the hub once more and answers with what stands in its way, in a line: a WebSocket client is not told.
 * `undefined` when nothing does any more. Rejects with the reason of the signal only.
 */
export async function whyNoHub({ server, accessToken, signal }: WhyNoHubOptions): Promise<string | undefined> {
  const place = new Place(new URL(server), undefined)
  place.isTrusted = true
  try {
    const opened = await openSocket(place, { path: HUB, headers: { Authorization: `Bearer ${accessToken}` } }, signal)
    if (opened.socket !== undefined) {
      opened.socket[Symbol.dispose]()
      return undefined
    }
    const probed = await ask(place, { path: HUB, headers: { ...upgradeHeaders(), [PROBE_HEADER]: 'headers' } }, signal)
    const arrival = arrivalIn(probed)
    const arrived = arrival && arrivalFinding(arrival, HUB)
    const finding = arrived === undefined || arrived.status === 'ok' ? refused(opened.answer, HUB) : arrived
    return `${HUB}: ${finding.says} ("belfry doctor ${server}" tells more)`
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    return error.message
  }
}
