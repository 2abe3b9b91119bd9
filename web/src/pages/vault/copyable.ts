import { t } from '../../i18n/index.ts'
import type { ListedItem } from '../../vault/surroundings.ts'

/** What can be copied from a list without opening the item. */
export type Copyable =
  | 'username'
  | 'password'
  | 'totp'
  | 'number'
  | 'code'
  | 'email'
  | 'publicKey'
  | 'fullName'
  | 'notes'

/** Those of an item's type, the most wanted first. Whether there is one is seen when it is asked for. */
export function copyablesOf({ type }: ListedItem): readonly Copyable[] {
  switch (type) {
    case 'login':
      return ['username', 'password', 'totp', 'notes']
    case 'card':
      return ['number', 'code', 'notes']
    case 'identity':
      return ['fullName', 'username', 'email', 'notes']
    case 'sshKey':
      return ['publicKey', 'notes']
    case 'secureNote':
      return ['notes']
    case 'unknown':
      return []
  }
}

/** What a menu says: "Copy password". */
export function copyLabel(what: Copyable): string {
  const { login, card, identity, sshKey, notes, copy } = t().item
  const labels: Readonly<Record<Copyable, string>> = {
    ...{ username: login.username, password: login.password, totp: login.code },
    ...{ number: card.number, code: card.code, email: identity.email, fullName: identity.fullName },
    ...{ publicKey: sshKey.publicKey, notes },
  }
  return copy(labels[what])
}
