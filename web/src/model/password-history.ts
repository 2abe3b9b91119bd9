import { FIELD_TYPE, type Field, type Item, type PastPassword } from './item.ts'

/** As many as the apps keep. */
const MOST_PASSWORDS = 5

/**
 * An item as it is to be stored after it was edited: passwords and hidden fields that are gone or others now are in its
 * history, the newest first, and a login knows when its password changed. As the apps do.
 */
export function rememberPasswords(before: Item, after: Item, now: Date): Item {
  const date = now.toISOString()
  const oldPassword = before.type === 'login' ? before.login.password : null
  const newPassword = after.type === 'login' ? after.login.password : null
  const isReplaced = isText(oldPassword) && oldPassword !== newPassword
  const forgotten = [...(isReplaced ? [oldPassword] : []), ...goneFields(before.fields, after.fields)]
  if (forgotten.length === 0) return after

  const past = forgotten.map((password): PastPassword => ({ password, lastUsedDate: date, rest: {} }))
  const passwordHistory = [...past, ...after.passwordHistory].slice(0, MOST_PASSWORDS)
  if (!isReplaced || after.type !== 'login') return { ...after, passwordHistory }
  return { ...after, passwordHistory, login: { ...after.login, passwordRevisionDate: date } }
}

/** Hidden fields whose value is nowhere under their name any more. */
function goneFields(before: readonly Field[], after: readonly Field[]): string[] {
  return before
    .filter(({ type, name, value }) => type === FIELD_TYPE.hidden && isText(name) && isText(value))
    .filter(({ name, value }) => !after.some((field) => field.name === name && field.value === value))
    .map(({ name, value }) => `${name}: ${value}`)
}

const isText = (text: string | null): text is string => text !== null && text !== ''
