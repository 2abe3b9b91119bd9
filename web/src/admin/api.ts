import type { Finding } from './findings.ts'

/** The server declined, or could not be asked. The message is for people. */
export class AdminError extends Error {
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface AdminSession {
  readonly isOpen: boolean
  readonly asksForToken: boolean
  /** `DOMAIN`, where it is set: the one address that the doctor looks at then. */
  readonly domain?: string
}

export interface AdminStatus {
  /** Of the log, where it is the server's. */
  readonly level?: string
  /** Whatever else the server tells of itself. */
  readonly [name: string]: unknown
}

/** What a reload has done, or would do: lines in English. */
export interface ReloadReport {
  readonly applied: readonly string[]
  readonly atNextStart: readonly string[]
  readonly closed: readonly string[]
  readonly warnings: readonly string[]
}

export interface DoctorOrder {
  readonly url: string
  readonly idleSeconds: number
  readonly signal: AbortSignal
}

/** What the admin pages ask of the server that they came from. Everything rejects with an `AdminError`. */
export class AdminApi {
  /** Of the server itself, for browsers and apps. */
  readonly server: URL
  readonly #base: URL
  readonly #fetch: typeof fetch

  /** `base` is where the pages are: `https://vault.example.com/admin/`. */
  constructor(base: URL, fetcher: typeof fetch = (...request) => fetch(...request)) {
    this.#base = base
    this.server = new URL('..', base)
    this.#fetch = fetcher
  }

  async session(): Promise<AdminSession> {
    return (await this.#ask('GET', 'session')).json() as Promise<AdminSession>
  }

  async logIn(token: string): Promise<void> {
    await this.#ask('POST', 'session', { token })
  }

  async logOut(): Promise<void> {
    await this.#ask('DELETE', 'session')
  }

  async status(): Promise<AdminStatus> {
    const { status } = (await (await this.#ask('GET', 'status')).json()) as { status: AdminStatus }
    return status
  }

  /** Reads the configuration again; with `dryRun` only says what that would do. */
  async reload({ dryRun }: { readonly dryRun: boolean }): Promise<ReloadReport> {
    return (await this.#ask('POST', 'reload', { dryRun })).json() as Promise<ReloadReport>
  }

  async setLogLevel(level: string): Promise<void> {
    await this.#ask('PUT', 'log-level', { level })
  }

  /** Has the server look at itself from the outside. Calls `onFinding` as it finds; resolves when it has found all. */
  async doctor({ signal, ...order }: DoctorOrder, onFinding: (finding: Finding) => void): Promise<void> {
    const answer = await this.#ask('POST', 'doctor', order, signal)
    for await (const line of linesOf(answer)) {
      const said = JSON.parse(line) as { check?: Finding; report?: object; error?: string }
      if (said.check !== undefined) onFinding(said.check)
      if (said.error !== undefined) throw new AdminError(500, said.error)
      if (said.report !== undefined) return
    }
    // What was found so far may look healthy.
    throw new AdminError(0, 'the answer ended before the report')
  }

  async #ask(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> {
    let answer: Response
    try {
      answer = await this.#fetch(new URL(path, this.#base), {
        method,
        credentials: 'same-origin',
        ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
        ...(signal && { signal }),
      })
    } catch (error) {
      throw new AdminError(0, (error as Error).message)
    }
    if (answer.ok) return answer
    const { message = answer.statusText } = (await answer.json().catch(() => ({}))) as { message?: string }
    throw new AdminError(answer.status, message)
  }
}

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  if (body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  // Not `for await`: Safari's streams cannot be iterated.
  const reader = body.getReader()
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const lines = (rest + decoder.decode(chunk.value, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
