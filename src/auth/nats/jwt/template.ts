import { isValidSubject } from '#core'
import type { AccountClaims, PermissionClaims, UserClaims, UserRights } from './claims.ts'

/** Subjects that the placeholders of one list may become: nats-server's; and their characters. */
const MAX_EXPANSIONS = 4096
const MAX_EXPANDED_LENGTH = 1024 * 1024

/** What there is no value for becomes this, which makes the subject invalid. */
const INVALID = ' '

type TemplateUser = Pick<UserClaims, 'name' | 'subject' | 'issuerAccount' | 'tags'>
type TemplateAccount = Pick<AccountClaims, 'name' | 'tags'>

/**
 * The rights of a user of a scoped signing key: those of its template with the placeholders filled in. A subject that is
 * none then is left out where it would be allowed; where it would be denied, the user is refused. An `allow` of which
 * nothing is left allows nothing.
 *
 * Throws an `Error` with the reason for the log.
 */
export function rightsFromTemplate(template: UserRights, user: TemplateUser, account: TemplateAccount): UserRights {
  const { publish, subscribe, responses } = template.permissions
  const rules = ({ allow, deny }: PermissionClaims['publish']) => {
    const allowed = expand(allow, false)
    const denied = expand(deny, true)
    return { allow: allowed, deny: allow.length > 0 && allowed.length === 0 ? [...denied, '>'] : denied }
  }
  return { ...template, permissions: { publish: rules(publish), subscribe: rules(subscribe), responses } }

  function expand(subjects: readonly string[], isDeny: boolean): readonly string[] {
    // A list without placeholders is taken as it is, valid or not.
    if (subjects.every((subject) => placeholdersIn(subject).size === 0)) return subjects
    const expanded: string[] = []
    let length = 0
    for (const subject of subjects) {
      for (const candidate of fillIn(subject, isDeny, MAX_EXPANSIONS - expanded.length)) {
        length += candidate.length
        if (length > MAX_EXPANDED_LENGTH) throw tooMuch()
        if (isValidSubject(candidate)) expanded.push(candidate)
        else if (isDeny) throw new Error('generated invalid subject')
      }
    }
    return expanded
  }

  /** Every combination of the values of its placeholders, of which only tags have more than one. */
  function fillIn(subject: string, isDeny: boolean, limit: number): readonly string[] {
    let combinations = [subject]
    for (const [placeholder, operation] of placeholdersIn(subject)) {
      const values = valuesOf(operation.trim(), subject, isDeny)
      const count = combinations.length * values.length
      if (count > limit || count * subject.length > MAX_EXPANDED_LENGTH) throw tooMuch()
      combinations = combinations.flatMap((part) => values.map((value) => part.replaceAll(placeholder, () => value)))
    }
    return combinations
  }

  function valuesOf(operation: string, subject: string, isDeny: boolean): readonly string[] {
    switch (operation.toLowerCase()) {
      case 'name()':
        return [user.name]
      case 'subject()':
        return [user.subject]
      case 'account-name()':
        return [account.name]
      case 'account-subject()':
        return [user.issuerAccount]
    }
    const [, of, tag] = /^(tag|account-tag)\((.*)\)$/is.exec(operation) ?? []
    if (of === undefined || tag === undefined) {
      throw new Error(`template operation in ${JSON.stringify(subject)}: ${JSON.stringify(operation)} is not defined`)
    }
    const prefix = `${tag.toLowerCase()}:`
    const tags = of.toLowerCase() === 'tag' ? user.tags : account.tags
    const values = tags.filter((text) => text.startsWith(prefix)).map((text) => text.slice(prefix.length))
    if (values.length > 0) return values
    if (!isDeny) return [INVALID]
    throw new Error(`generated invalid subject ${JSON.stringify(subject)}: ${JSON.stringify(tag)} is not defined`)
  }
}

/**
 * The operations by the placeholders that they stand in: `{{name()}}`. Not by a pattern, which would begin anew at each
 * of a million braces.
 */
function placeholdersIn(subject: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let start = subject.indexOf('{{')
  while (start !== -1) {
    const end = subject.indexOf('}', start + 2)
    if (end === -1) break
    const isClosed = end > start + 2 && subject[end + 1] === '}'
    if (isClosed) found.set(subject.slice(start, end + 2), subject.slice(start + 2, end))
    start = subject.indexOf('{{', end + 1)
  }
  return found
}

function tooMuch(): Error {
  return new Error(`template expansion exceeds limit: ${MAX_EXPANSIONS}`)
}

/** Whether a user has no rights of its own, as those of scoped signing keys have to. */
export function hasNoRights(rights: UserRights): boolean {
  const { publish, subscribe, responses } = rights.permissions
  const lists = [publish.allow, publish.deny, subscribe.allow, subscribe.deny, rights.networks, rights.times]
  return (
    lists.every((list) => list.length === 0) &&
    responses === undefined &&
    rights.timesLocation === '' &&
    rights.connectionTypes.length === 0 &&
    rights.subscriptions === 0 &&
    rights.data === 0 &&
    rights.payload === 0 &&
    !rights.isBearer &&
    !rights.requiresProxy
  )
}
