import { type Account, type Message, Subscription } from '#core'
import { CONTROL_DEVICES, CONTROL_REVOKE, instanceIn, parseDevicesChanged, parseRevocation, userSubject } from '#notify'

/** Whether this instance said it: what others say they push themselves. */
export function isFrom(instance: string, { headerBytes, body }: Message): boolean {
  return headerBytes === 0 || instanceIn(body.subarray(0, headerBytes)) === instance
}

/**
 * Calls `onChanged` with each user of whom this instance says that the devices, or the organizations that they hear of, are
 * others now. Returns what ends it.
 */
export function followDeviceChanges(
  account: Account,
  instance: string,
  onChanged: (userId: string) => void,
): () => void {
  const follow = (subject: string, userOf: (message: Message) => string) => {
    const send = (_: Subscription, message: Message) => {
      if (!isFrom(instance, message)) return
      try {
        onChanged(userOf(message))
      } catch {
        // Whoever else hears it says in the log that it is nothing.
      }
    }
    return new Subscription({ send }, subject, '')
  }
  const userInSubject = ({ subject }: Message) => subject.split('.', 3)[2]!
  const subscriptions = [
    follow(CONTROL_DEVICES, ({ payload }) => parseDevicesChanged(payload)),
    follow(CONTROL_REVOKE, ({ payload }) => parseRevocation(payload).userId),
    follow(userSubject('*', 'LogOut'), userInSubject),
    follow(userSubject('*', 'SyncOrgKeys'), userInSubject),
  ]
  for (const subscription of subscriptions) account.subscribe(subscription)
  return () => {
    for (const subscription of subscriptions) account.unsubscribe(subscription)
  }
}
