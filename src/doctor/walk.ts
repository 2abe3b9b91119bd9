import type { Arrival } from '#net'
import { PROBE_HEADER } from '#net'
import { type Answer, ask, NoAnswer, type Question } from './ask.ts'
import type { FaultId } from './faults.ts'
import { type MendAbout as About, mendFor } from './mends/index.ts'
import type { DoctorOptions } from './options.ts'
import type { Place } from './place.ts'
import { ProxyMarks } from './proxy-marks.ts'
import type { Check, CheckId, DoctorReport, ProxyName } from './report.ts'
import { openSocket, type Upgrade, upgradeHeaders } from './socket.ts'

/** What a step found, before it is known how long it took and what mends it. */
export type Finding =
  | { readonly status: 'ok' | 'skipped'; readonly says: string }
  | {
      readonly status: 'warning' | 'fault'
      readonly fault: FaultId
      readonly says: string
      /** Only where something other than the proxy has to be mended. */
      readonly mend?: Check['mend']
      /** What the mend is about: a path, a header. */
      readonly about?: About
    }

export const ok = (says: string): Finding => ({ status: 'ok', says })
export const skipped = (says: string): Finding => ({ status: 'skipped', says })
export const fault = (id: FaultId, says: string, about?: About): Finding => ({
  status: 'fault',
  fault: id,
  says,
  ...(about && { about }),
})
export const warning = (id: FaultId, says: string, about?: About): Finding => ({
  status: 'warning',
  fault: id,
  says,
  ...(about && { about }),
})

/** One run of the doctor: what it asks with, and what was found so far. */
export class Walk {
  readonly options: DoctorOptions
  readonly signal: AbortSignal
  readonly marks = new ProxyMarks()
  /** The URL's, or where that leads. */
  place: Place
  /** A probe has answered, wherever: it would at every path of that server. */
  hasProbe = false
  readonly #onCheck: (check: Check) => void
  readonly #checks: { readonly check: Check; readonly about: About | undefined }[] = []

  constructor(place: Place, options: DoctorOptions, onCheck: (check: Check) => void) {
    this.place = place
    this.options = options
    this.signal = options.signal ?? new AbortController().signal
    this.#onCheck = onCheck
  }

  get proxy(): ProxyName | undefined {
    return this.options.proxy ?? this.marks.proxy
  }

  /** Does one step and notes what it found: no answer at all is a fault as well. */
  async step(id: CheckId, title: string, work: () => Promise<Finding>): Promise<Finding> {
    this.signal.throwIfAborted()
    const startMs = performance.now()
    const finding = await work().catch((error: unknown) => {
      this.signal.throwIfAborted()
      if (error instanceof NoAnswer) return fault('not-http', error.message)
      throw error
    })
    this.#note(id, title, finding, performance.now() - startMs)
    return finding
  }

  skip(id: CheckId, title: string, why: string): void {
    this.#note(id, title, skipped(why), 0)
  }

  /** Asks below the path of the server. */
  async ask(question: Question): Promise<Answer> {
    const answer = await ask(this.place, question, this.signal)
    this.marks.noteAnswer(answer)
    return answer
  }

  async open(path: string, headers: Readonly<Record<string, string>> = {}, place = this.place): Promise<Upgrade> {
    const upgrade = await openSocket(place, { path, headers }, this.signal)
    if (place === this.place) this.marks.noteAnswer(upgrade.answer)
    return upgrade
  }

  /** What arrives of a request, as a Belfry tells it; `undefined` when the answer is not from its probe. */
  async probe(
    path: string,
    {
      isUpgrade = false,
      headers = {},
    }: { readonly isUpgrade?: boolean; readonly headers?: Record<string, string> } = {},
  ): Promise<{ readonly answer: Answer; readonly arrival: Arrival | undefined }> {
    const answer = await this.ask({
      path,
      headers: { ...(isUpgrade && upgradeHeaders()), ...headers, [PROBE_HEADER]: 'headers' },
    })
    const arrival = arrivalIn(answer)
    this.hasProbe ||= arrival !== undefined
    // What we wrote ourselves is nobody's mark.
    if (arrival !== undefined && Object.keys(headers).length === 0) this.marks.noteArrival(arrival)
    return { answer, arrival }
  }

  /** The faults of a step have lines for the proxy that is known by now, which may be known only later. */
  report(): DoctorReport {
    const checks = this.#checks.map(({ check, about }) => this.#withMend(check, about))
    return {
      url: this.place.url.href.replace(/\/$/, ''),
      proxy: this.proxy ?? null,
      healthy: checks.every(({ status }) => status !== 'fault'),
      checks,
    }
  }

  #note(id: CheckId, title: string, finding: Finding, ms: number): void {
    const { status, says } = finding
    const trouble = 'fault' in finding ? finding : undefined
    const check: Check = {
      id,
      title,
      status,
      says,
      ...(trouble && { fault: trouble.fault }),
      ...(trouble?.mend && { mend: trouble.mend }),
      ms: Math.round(ms),
    }
    this.#checks.push({ check, about: trouble?.about })
    this.#onCheck(this.#withMend(check, trouble?.about))
  }

  #withMend(check: Check, about: About | undefined): Check {
    if (check.fault === undefined || check.mend !== undefined) return check
    const mend = mendFor(check.fault, this.proxy, { ...about, basePath: this.place.basePath })
    return mend === undefined ? check : { ...check, mend }
  }
}

/** What the probe of a Belfry says; anything else that answers is none. */
export function arrivalIn({ headers, body }: Answer): Arrival | undefined {
  if (headers[PROBE_HEADER.toLowerCase()] === undefined) return undefined
  try {
    const arrival: unknown = JSON.parse(body)
    return isArrival(arrival) ? arrival : undefined
  } catch {
    return undefined
  }
}

/** Whoever answers may claim to be the probe: what is no header's name and no address is neither sent nor shown. */
function isArrival(value: unknown): value is Arrival {
  if (!isObject(value)) return false
  const { method, path, httpVersion, headers, peer, client } = value
  return (
    [method, path, httpVersion].every((text) => typeof text === 'string') &&
    isObject(headers) &&
    Object.values(headers).every((text) => typeof text === 'string') &&
    isObject(peer) &&
    isObject(client) &&
    (client.header === null || (typeof client.header === 'string' && /^[\w-]+$/.test(client.header))) &&
    typeof client.address === 'string' &&
    /^[\da-f.:]*(?:%[\w.-]+)?$/i.test(client.address)
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
