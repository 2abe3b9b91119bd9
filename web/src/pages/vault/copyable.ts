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
