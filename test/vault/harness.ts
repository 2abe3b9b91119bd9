import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { loadSigningKey, Sessions, Tickets, Tokens } from '#auth'
import { type Clock, systemClock } from '#kit'
import {
  createVaultApp,
  type Letters,
  type Mailer,
  type VaultSettings,
  type VaultSurroundings,
  vaultFiles,
} from '#vault'
import { type AccountOptions, injectInto, type LoginOptions, login, register } from '../helpers/account.ts'
import { type Dump, openTestDatabase } from '../helpers/database.ts'
import { type LoggedEvent, recordingLogger } from '../helpers/recording-logger.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { checkAnswers } from './contracts/check.ts'
import { collectRoutes, type Route } from './every-route/routes.ts'

/** One call to the notifier. */
export interface Told {
  readonly event: string
  /** Id of the item or folder, or of the user for what concerns the account. */
  readonly id: string
  readonly date: Date
  readonly contextId: string | null
  /** Users; or the devices that were revoked. */
  readonly recipients: readonly string[]
}

/** One letter that was handed to the mail server. */
export interface SentLetter {
  readonly to: string
  readonly name: keyof Letters
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is the test's to check.
  readonly data: any
}

/** Those of the vault but for its folders, which are temporary ones. */
export const SETTINGS: Omit<VaultSettings, 'attachments' | 'sends' | 'icons'> = {
  domain: 'https://localhost',
  origin: 'https://localhost',
  pathPrefix: '',
  signupsAllowed: true,
  signupsDomainsWhitelist: [],
  signupsVerify: false,
  signupsVerifyResend: { seconds: 3600, limit: 6 },
  invitationsAllowed: true,
  mailedTicketHours: 120,
  passwordHintsAllowed: true,
  showsPasswordHint: false,
  emailChangeAllowed: true,
  requiresDeviceEmail: false,
  // Far below what the configuration allows: these tests are not about the cost of hashing.
  passwordIterations: 2000,
  loginRateLimit: { seconds: 60, maxBurst: 10_000 },
  unauthenticatedRateLimit: { seconds: 60, maxBurst: 10_000 },
  maxNoteCharacters: 10_000,
  serverVersion: '2026.6.0',
  featureFlags: [],
  suppressesOnboarding: false,
  twoFactor: {
    remembersDevices: true,
    allowsTimeDrift: true,
    email: { isOn: true, digits: 6, expirationSeconds: 600, maxAttempts: 3 },
    yubico: undefined,
    incompleteAfterMinutes: 3,
  },
  // Tests fetch from their own machine.
  outgoing: { blockedHosts: undefined, blocksNonGlobalAddresses: false, prefersIpv6: false },
}

/** All of them, with folders below `folder`. */
export function settingsIn(folder: { join(name: string): string }): VaultSettings {
  return {
    ...SETTINGS,
    attachments: { folder: folder.join('attachments'), maxBytesPerUser: undefined },
    sends: { isOn: true, folder: folder.join('sends'), maxBytesPerUser: undefined },
    icons: {
      service: 'internal',
      redirectCode: 302,
      cacheFolder: folder.join('icon_cache'),
      cacheSeconds: 2_592_000,
      negativeCacheSeconds: 259_200,
      downloadTimeoutMs: 10_000,
      downloads: true,
    },
  }
}

export interface TestVaultOptions extends Partial<VaultSettings> {
  /** Whether letters can be sent; default: not. */
  readonly sendsMail?: boolean
}

/**
 * A vault over a real database of its own, with its clock, log and notifications in the test's hands. Disposing of it throws
 * when one of its answers was not as `contracts/` has it.
 */
export async function startVault({ sendsMail = false, ...settings }: TestVaultOptions = {}) {
  let offsetMs = 0
  const clock: Clock = { ...systemClock, now: () => Date.now() + offsetMs }
  const folder = await temporaryFolder()
  const database = await openTestDatabase(clock)
  const { store } = database
  const key = await loadSigningKey(folder.join('rsa_key.pem'))
  const { origin } = SETTINGS
  const tokens = new Tokens(key, origin, clock)
  const tickets = new Tickets(key, { origin, clock, mailedHours: SETTINGS.mailedTicketHours })
  const letters: SentLetter[] = []
  const told: Told[] = []
  const logged: LoggedEvent[] = []
  let address = '192.0.2.1'
  const allSettings = { ...settingsIn(folder), ...settings }
  const answers = checkAnswers(allSettings.pathPrefix)
  const context: VaultSurroundings = {
    store,
    tokens,
    tickets,
    sessions: new Sessions(tokens, store, clock),
    notifier: recorder((one) => {
      told.push(one)
      answers.tell(one.event)
    }),
    clock,
    logger: recordingLogger((line) => logged.push(line)),
    mailer: sendsMail ? mailbox(letters) : undefined,
    files: vaultFiles(allSettings),
    settings: allSettings,
    clientAddress: () => address,
  }
  const routes: Route[] = []
  const app = await createVaultApp(context, (app) => {
    collectRoutes(app, context.settings.pathPrefix, routes)
    answers.observe(app)
  })
  const fetch = injectInto(app)
  const server = `https://localhost${context.settings.pathPrefix}`
  return {
    app,
    store,
    context,
    fetch,
    told,
    logged,
    letters,
    server,
    routes: routes as readonly Route[],
    signingKey: key,
    advance: (ms: number) => {
      offsetMs += ms
    },
    comeFrom: (from: string) => {
      address = from
    },
    register: (email: string, options: AccountOptions = {}) => register({ server, fetch, ...options, email }),
    login: (email: string, options: Partial<LoginOptions> = {}) => login({ server, fetch, ...options, email }),
    /** Writes what only another server, or a later version of this one, would write; or reads what no API tells. */
    sql: (statement: string) => database.query(statement),
    /** Everything that is kept: all rows of all tables as texts, by the name of the table, and files by their paths. */
    dump: async () => ({ ...(await database.dump()), ...(await filesBelow(folder.path)) }),
    /** What was told since the last call. */
    takeTold: () => told.splice(0),
    /** The routes whose handlers were reached since the last call: by requests that their schemas have let through. */
    takeReached: answers.takeReached,
    async [Symbol.asyncDispose]() {
      await app.close()
      await database[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
      answers.complain()
    },
  }
}

/**
 * Lets `work` happen just after the next call of `object[name]` has its answer and before its caller gets it. Await the
 * returned function last: it does `work` in case nobody has called.
 */
export function afterNext<Name extends string>(
  // biome-ignore lint/suspicious/noExplicitAny: whatever the method takes and gives is handed through.
  object: Record<Name, (...parameters: any[]) => Promise<any>>,
  name: Name,
  work: () => Promise<unknown>,
): () => Promise<unknown> {
  const method = object[name]
  let worked: Promise<unknown> | undefined
  const workOnce = () => {
    object[name] = method
    worked ??= work()
    return worked
  }
  object[name] = async (...parameters) => {
    const answer = await method.apply(object, parameters)
    await workOnce()
    return answer
  }
  return workOnce
}

/** The digests of all files, by their paths below `root`. */
async function filesBelow(root: string): Promise<Dump> {
  const files: Record<string, string[]> = {}
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    files[path.relative(root, file)] = [
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ]
  }
  return files
}

function mailbox(letters: SentLetter[]): Mailer {
  return {
    async send(to, name, data) {
      letters.push({ to, name, data })
    },
    giveUp() {},
    async close() {},
  }
}

export type TestVault = Awaited<ReturnType<typeof startVault>>

function recorder(tell: (told: Told) => void): VaultSurroundings['notifier'] {
  return {
    cipher(event, { id, revisionDate: date }, { recipients, contextId }) {
      tell({ event, id, date, contextId, recipients })
    },
    folder(event, { id, userId, revisionDate: date }, contextId) {
      tell({ event, id, date, contextId, recipients: [userId] })
    },
    account(event, id, date, contextId) {
      tell({ event, id, date, contextId, recipients: [id] })
    },
    send(event, { id, userId, revisionDate: date }, contextId) {
      tell({ event, id, date, contextId, recipients: [userId] })
    },
    authRequest({ id, userId }, contextId) {
      tell({ event: 'AuthRequest', id, date: new Date(), contextId, recipients: [userId] })
    },
    authRequestResponse({ id, userId }, contextId) {
      tell({ event: 'AuthRequestResponse', id, date: new Date(), contextId, recipients: [userId] })
    },
    devicesRevoked(id, deviceIds, contextId) {
      tell({ event: 'devicesRevoked', id, date: new Date(), contextId, recipients: deviceIds })
    },
    devicesChanged(id) {
      tell({ event: 'devicesChanged', id, date: new Date(), contextId: null, recipients: [id] })
    },
  }
}
