import { HttpTransportType, type HubConnection, HubConnectionState } from '@microsoft/signalr'
import { NotificationType } from '../../../src/notify/index.ts'
import { type Json, login, type TestDevice } from '../../helpers/account.ts'
import { connectionTo, type Way } from '../ways.ts'
import { EventSources } from './event-sources.ts'
import { Diary } from './ledger.ts'
import { Line } from './line.ts'

const { WebSockets, ServerSentEvents, LongPolling } = HttpTransportType
const { SyncCipherUpdate, SyncCipherCreate, SyncLoginDelete, SyncCiphers, SyncVault, SyncSettings, LogOut } =
  NotificationType
const { SyncFolderDelete, SyncFolderCreate, SyncFolderUpdate } = NotificationType

/** How an app comes: as those of Bitwarden do, and as other clients of SignalR may. */
export const WAYS_IN = {
  app: { transport: WebSockets, skipNegotiation: true, protocol: 'messagepack' },
  polling: { transport: LongPolling, protocol: 'json' },
  events: { transport: ServerSentEvents, protocol: 'json' },
  stateful: { transport: WebSockets, protocol: 'messagepack' },
} as const satisfies Record<string, Way>

/** A server as its apps see it. */
export interface Place {
  /** Of one machine, or of several. */
  readonly ports: readonly number[]
  /** The index of the one to which an app goes that connects to the hub now. */
  readonly at: number
  /** What its clock says. Milliseconds since the Unix epoch. */
  now(): number
  /** Its API; the host in the URL does not matter. */
  readonly fetch: typeof globalThis.fetch
}

export interface AppOptions {
  readonly server: Place
  /** How much faster time passes. */
  readonly factor: number
  readonly email: string
  readonly deviceId: string
  /** 9 for a tab of a web vault. */
  readonly deviceType: number
  readonly way: keyof typeof WAYS_IN
  /** Until an app that has lost its connection comes back; in ms of the server. */
  readonly comesBackAfterMs: () => number
}

/**
 * What an app of Bitwarden does with the hub: it has a vault of its own, which after the login changes by what it does
 * itself and by what it hears, and by nothing else. spec: hub §3.1
 */
export class App {
  readonly ciphers = new Map<string, Json>()
  readonly folders = new Map<string, Json>()
  name = ''
  device!: TestDevice
  isLoggedIn = false
  /** What the server should not have done. */
  readonly faults: string[] = []
  /** What happened, for whoever has to find out why. */
  readonly history: string[] = []
  readonly diary = new Diary()
  /** What it has changed at the server. */
  changes = 0
  readonly #options: AppOptions
  /** One to each machine: a connection that is kept for the next request goes to where that one goes. */
  #lines: readonly Line[] = []
  #connection: HubConnection | undefined
  #lastSyncMs = 0
  #work: Promise<unknown> = Promise.resolve()
  #comesBack: NodeJS.Timeout | undefined
  #pending = 0
  #isStopped = false

  static async start(options: AppOptions): Promise<App> {
    const app = new App(options)
    const { server } = options
    app.#lines = await Promise.all(server.ports.map((_, i) => Line.to(() => server.ports[i]!)))
    await app.#logIn()
    app.#comeBack(0)
    return app
  }

  private constructor(options: AppOptions) {
    this.#options = options
  }

  /** To where it goes now. */
  get line(): Line {
    return this.#lines[this.#options.server.at]!
  }

  get isConnected(): boolean {
    return this.#connection?.state === HubConnectionState.Connected
  }

  /** Whether it is at something. */
  get isBusy(): boolean {
    return this.#pending > 0
  }

  note(what: string): void {
    this.history.push(`${new Date(this.#options.server.now()).toISOString().slice(14, 23)} ${what}`)
    if (this.history.length > 400) this.history.shift()
  }

  /** One thing at a time. What fails because the server is away has failed. */
  async do(work: () => Promise<void>): Promise<void> {
    await this.#inTurn(work).catch((error: unknown) => this.note(`failed: ${String(error)}`))
  }

  /** An item as an answer has it. */
  put(cipher: Json): void {
    const own = this.ciphers.get(cipher.id)
    if (own === undefined || Date.parse(own.revisionDate) <= Date.parse(cipher.revisionDate)) {
      this.ciphers.set(cipher.id, cipher)
    }
  }

  forgetFolder(id: string): void {
    this.folders.delete(id)
    for (const [key, cipher] of this.ciphers) {
      if (cipher.folderId === id) this.ciphers.set(key, { ...cipher, folderId: null })
    }
  }

  logOut(why: string): void {
    if (!this.isLoggedIn) return
    this.note(`logged out: ${why}`)
    this.isLoggedIn = false
    this.diary.lost()
    void this.#connection?.stop().catch(() => {})
    this.#connection = undefined
    this.#comeBack()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#comesBack)
    // First: one that is about to connect does not stop as long as it waits for an answer.
    for (const line of this.#lines) line.close()
    await this.#connection?.stop().catch(() => {})
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#pending++
    const done = this.#work.then(work).finally(() => this.#pending--)
    this.#work = done.catch(() => {})
    return done
  }

  async #logIn(): Promise<void> {
    const { server, email, deviceId, deviceType } = this.#options
    this.device = await login({ server: 'http://server', fetch: server.fetch, email, deviceId, deviceType })
    this.isLoggedIn = true
    this.diary.logins.push(Date.now())
    await this.#sync(true)
  }

  async #sync(isForced: boolean): Promise<void> {
    const nowMs = this.#options.server.now()
    if (!isForced) {
      const { status, json } = await this.device.get('/api/accounts/revision-date')
      if (status === 401) return this.logOut('401')
      if (status !== 200) throw new Error(`revision date: ${status}`)
      if (Number(json) <= this.#lastSyncMs) {
        this.#lastSyncMs = nowMs
        return
      }
    }
    const { status, json } = await this.device.get('/api/sync?excludeDomains=true')
    if (status === 401) return this.logOut('401')
    if (status !== 200) throw new Error(`sync: ${status}`)
    for (const [map, list] of [
      [this.ciphers, json.ciphers],
      [this.folders, json.folders],
    ]) {
      map.clear()
      for (const one of list) map.set(one.id, one)
    }
    this.name = json.profile.name
    this.#lastSyncMs = nowMs
    this.note('synced')
  }

  #comeBack(ms = this.#options.comesBackAfterMs() / this.#options.factor): void {
    if (this.#isStopped || this.#comesBack !== undefined) return
    this.#comesBack = setTimeout(async () => {
      this.#comesBack = undefined
      try {
        if (!this.isLoggedIn) await this.#inTurn(() => this.#logIn())
        await this.#connect()
      } catch (error) {
        this.note(`did not come in: ${String(error).slice(0, 100)}`)
        // The next request that an app makes tells it whether its session is over.
        const answer = await this.device.get('/api/accounts/revision-date').catch(() => undefined)
        if (answer?.status === 401) this.logOut('401')
        this.#comeBack()
      }
    }, ms)
  }

  async #connect(): Promise<void> {
    if (this.#isStopped) return
    const { factor, way } = this.#options
    const { device } = this
    const sources = new EventSources()
    const options = { ...WAYS_IN[way], EventSource: sources.class }
    const builder = connectionTo(`${this.line.url}/notifications/hub`, options, device.accessToken)
    if (way === 'stateful') builder.withStatefulReconnect()
    const connection = builder.build()
    connection.serverTimeoutInMilliseconds = 30_000 / factor
    connection.keepAliveIntervalInMilliseconds = 15_000 / factor
    const heard = new Set<string>()
    connection.on('ReceiveMessage', (event) => {
      if (this.#connection === connection) this.#hear(event, heard)
    })
    connection.onclose(() => {
      sources.close()
      if (this.#connection !== connection) return
      this.note('lost')
      this.diary.lost()
      this.#connection = undefined
      this.#comeBack()
    })
    this.#connection = connection
    const tooLong = setTimeout(() => void connection.stop().catch(() => {}), 45_000 / factor)
    try {
      await connection.start()
      this.note('connected')
      if (this.#connection === connection) this.diary.connected()
    } catch (error) {
      sources.close()
      if (this.#connection === connection) this.#connection = undefined
      throw error
    } finally {
      clearTimeout(tooLong)
    }
  }

  #hear(event: Json, heard: Set<string>): void {
    const { contextId, type, payload } = asInJson(event)
    const date = payload.revisionDate ?? payload.date
    const what = `${type} ${payload.id ?? ''} ${new Date(date).toISOString()}`
    this.note(`heard ${what}`)
    if (payload.userId !== this.device.userId) this.faults.push(`heard of another user: ${what}`)
    if (type !== SyncVault && heard.has(what)) this.faults.push(`heard twice: ${what}`)
    heard.add(what)
    this.diary.heard.push({ atMs: Date.now(), type, what, dateMs: Date.parse(date), by: contextId })
    if (type === LogOut) this.logOut('told so')
    else if (contextId !== this.#options.deviceId) {
      const { device } = this
      void this.do(async () => {
        if (this.isLoggedIn && device === this.device) await this.#act(type, payload.id, Date.parse(date))
      })
    }
  }

  async #act(type: number, id: string, dateMs: number): Promise<void> {
    const isCipher = type === SyncCipherUpdate || type === SyncCipherCreate
    const own = (isCipher ? this.ciphers : this.folders).get(id)
    const isNewer = own !== undefined && Date.parse(own.revisionDate) < dateMs
    switch (type) {
      case SyncCiphers:
      case SyncVault:
      case SyncSettings:
        await this.#sync(false)
        break
      case SyncLoginDelete:
        this.ciphers.delete(id)
        break
      case SyncFolderDelete:
        this.forgetFolder(id)
        break
      case SyncCipherUpdate:
      case SyncCipherCreate:
      case SyncFolderUpdate:
      case SyncFolderCreate: {
        const isCreated = type === SyncCipherCreate || type === SyncFolderCreate
        if (isCreated ? own !== undefined : !isNewer) return
        const { status, json } = await this.device.get(isCipher ? `/api/ciphers/${id}/details` : `/api/folders/${id}`)
        if (status === 401) this.logOut('401')
        else if (status === 200 && isCipher) this.put(json)
        else if (status === 200) this.folders.set(id, json)
        break
      }
      default:
        this.faults.push(`heard of type ${type}`)
    }
  }
}

/** MessagePack has PascalCase and dates, JSON camelCase and text. */
function asInJson(event: Json): { contextId: string | null; type: number; payload: Json } {
  const [contextId, type, payload] = ['ContextId', 'Type', 'Payload'].map(
    (name) => event[name] ?? event[name[0]!.toLowerCase() + name.slice(1)],
  )
  const members = Object.entries(payload as Json).map(([name, value]) => [
    name[0]!.toLowerCase() + name.slice(1),
    value instanceof Date ? value.toISOString() : value,
  ])
  return { contextId: contextId ?? null, type, payload: Object.fromEntries(members) }
}
