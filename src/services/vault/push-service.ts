import type { Options } from '#config'
import type { Account } from '#core'
import type { Clock, Logger } from '#kit'
import {
  deliverToPhones,
  followDeviceChanges,
  Hearing,
  loadSharedVapidKey,
  loadVapidKey,
  PushRoom,
  type PushRoomCounts,
  Registrations,
  RelayClient,
  WebPush,
} from '#push'
import { instanceMark, type Store } from '#store'
import type { OutgoingSettings } from '#vault'

/** How devices are told that are not connected: phones, and browsers. */
export interface PushService {
  /** What browsers are offered; absent where Web Push is switched off. */
  readonly webPush: Pick<WebPush, 'publicKey' | 'isReachable'> | undefined
  readonly counts: PushRoomCounts
  /** Hears no more, and writes down what was not told yet. */
  close(): Promise<void>
}

export interface PushTools {
  /** `VAULT`, where notifications are published. */
  readonly account: Account
  /** Of this instance, as the store knows it. */
  readonly instance: string
  /** Publishes what all instances are to hear. */
  readonly say: (subject: string, payload: Buffer) => void
  /** Whether other instances may have the database open. */
  readonly isShared: boolean
  /** Whether they hear what is said. */
  readonly hasLink: boolean
  readonly store: Store
  /** Whom push services of browsers may be. */
  readonly outgoing: OutgoingSettings
  readonly clock: Clock
  readonly logger: Logger
}

/** So long after a question an instance that is heard at all has answered. */
const ANSWER_WITHIN_MS = 300

/** Undefined when both ways are switched off. Rejects with a `ConfigError` for a key that cannot be used. */
export async function openPush({ push }: Options, tools: PushTools): Promise<PushService | undefined> {
  const { relay, web, maxQueued } = push
  if (relay === undefined && web === undefined) return undefined
  const { account, instance, store, isShared, hasLink, say, clock } = tools
  const logger = tools.logger.child({ room: 'push' })
  await using opened = new AsyncDisposableStack()

  const hearing = new Hearing({ account, say, absentMs: hasLink ? ANSWER_WITHIN_MS : 0, clock, logger })
  opened.defer(() => hearing.close())
  const client = relay && new RelayClient(relay, { clock, logger })
  opened.defer(() => client?.close())
  const browsers = web && (await openWebPush(web, { ...tools, logger }))
  opened.defer(() => browsers?.close())
  const room = new PushRoom({
    account,
    instance,
    targets: store.pushTargets,
    journal: store.pushJournal,
    isAlive: async (other) => (await store.otherInstances()).includes(instanceMark(other)),
    isShared,
    toPhones: client && deliverToPhones(client),
    toBrowsers: browsers?.deliver,
    whoHasHeard: (...question) => hearing.ask(...question),
    maxWaiting: maxQueued,
    clock,
    logger,
  })
  await room.open()
  opened.defer(async () => {
    // Whoever is still asked has not confirmed.
    hearing.close()
    await room.close()
  })
  if (relay !== undefined && client !== undefined) {
    const registrations = new Registrations({
      settings: relay,
      relay: client,
      store,
      isWaiting: (userId) => room.hasForPhonesOf(userId),
      clock,
      logger,
    })
    opened.defer(() => registrations.close())
    opened.defer(followDeviceChanges(account, instance, (userId) => registrations.changed(userId)))
  }
  const open = opened.move()
  return {
    webPush: browsers,
    get counts() {
      return room.counts
    },
    close: () => open.disposeAsync(),
  }
}

async function openWebPush(
  { contact, keyFile }: NonNullable<Options['push']['web']>,
  { store, isShared, outgoing: rules, clock, logger }: PushTools,
): Promise<WebPush> {
  const key = await (isShared ? loadSharedVapidKey({ keyFile, keys: store.vapidKeys, logger }) : loadVapidKey(keyFile))
  const subscriptions = store.webPushSubscriptions
  return new WebPush({ key, contact, subscriptions, rules, clock, logger })
}
