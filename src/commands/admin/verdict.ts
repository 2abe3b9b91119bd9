import { isLiteralSubject, isValidSubject, PermissionCheck, type Permissions } from '#core'
import { ConfigError, fromByteString, toByteString } from '#kit'

/** Whether something may be done, and which entry of the permissions says so. */
export interface Verdict {
  readonly isAllowed: boolean
  readonly reason: string
}

/** Throws a `ConfigError` for what is no subject to publish to. */
export function checkPublishSubject(subject: string): void {
  if (!isValidSubject(subject) || !isLiteralSubject(subject)) {
    throw new ConfigError(`Nothing can be published to "${subject}": that takes a subject without wildcards`)
  }
}

/** `bytes` is the subject as a byte string, after mappings. */
export function publishVerdict(permissions: Permissions | undefined, bytes: string): Verdict {
  const may = (publish: Permissions['publish']) => new PermissionCheck({ publish }).canPublish(bytes)
  const { publish, responses } = permissions ?? {}
  const denying = publish?.deny?.find((entry) => !may({ deny: [entry] }))
  if (denying !== undefined) return { isAllowed: false, reason: `denied by "${fromByteString(denying)}"` }
  if (publish?.allow === undefined) return { isAllowed: true, reason: 'nothing denies it' }
  const allowing = publish.allow.find((entry) => may({ allow: [entry] }))
  if (allowing !== undefined) return { isAllowed: true, reason: `allowed by "${fromByteString(allowing)}"` }
  const answers = responses === undefined ? '' : ', save as an answer to a request'
  return { isAllowed: false, reason: `nothing allows it${answers}` }
}

/** `queue` is empty for a plain subscription. Throws a `ConfigError` for what nobody can subscribe to. */
export function subscribeVerdict(permissions: Permissions | undefined, subject: string, queue: string): Verdict {
  if (!isValidSubject(subject)) throw new ConfigError(`"${subject}" is not a subject`)
  if (/\s/.test(queue)) throw new ConfigError(`"${queue}" is not the name of a queue group`)
  const { subscribe } = permissions ?? {}
  const [bytes, group] = [toByteString(subject), toByteString(queue)]
  const may = (rules: Permissions['subscribe']) => new PermissionCheck({ subscribe: rules }).canSubscribe(bytes, group)
  const denying = subscribe?.deny?.find((entry) => !may({ deny: [entry] }))
  if (denying !== undefined) return { isAllowed: false, reason: `denied by "${fromByteString(denying)}"` }
  const check = new PermissionCheck({ subscribe })
  if (!check.canSubscribe(bytes, group)) return { isAllowed: false, reason: 'nothing allows it' }
  const allowing = subscribe?.allow?.find((entry) => may({ allow: [entry] }))
  const reason = allowing === undefined ? 'nothing denies it' : `allowed by "${fromByteString(allowing)}"`
  const isWhole = check.filterFor(bytes, group) === undefined
  return { isAllowed: true, reason: isWhole ? reason : `${reason}; messages that are not allowed are kept back` }
}
