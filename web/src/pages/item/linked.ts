/** What a linked field may stand for: numbers of the apps, in the order in which they are offered. */
import type { CARD_MEMBERS, IDENTITY_MEMBERS, Item, ItemType } from '../../model/item.ts'

export type LinkedMember =
  | 'username'
  | 'password'
  | (typeof CARD_MEMBERS)[number]
  | (typeof IDENTITY_MEMBERS)[number]
  | 'fullName'

const LOGIN: readonly (readonly [id: number, member: LinkedMember])[] = [
  [100, 'username'],
  [101, 'password'],
]
const CARD: typeof LOGIN = [
  [300, 'cardholderName'],
  [305, 'number'],
  [304, 'brand'],
  [301, 'expMonth'],
  [302, 'expYear'],
  [303, 'code'],
]
const IDENTITY: typeof LOGIN = [
  [400, 'title'],
  [416, 'firstName'],
  [401, 'middleName'],
  [417, 'lastName'],
  [418, 'fullName'],
  [413, 'username'],
  [409, 'company'],
  [412, 'ssn'],
  [414, 'passportNumber'],
  [415, 'licenseNumber'],
  [410, 'email'],
  [411, 'phone'],
  [402, 'address1'],
  [403, 'address2'],
  [404, 'address3'],
  [405, 'city'],
  [406, 'state'],
  [407, 'postalCode'],
  [408, 'country'],
]

/** Empty for types whose items have nothing to link. */
export function linkedMembersOf(type: ItemType): typeof LOGIN {
  switch (type) {
    case 'login':
      return LOGIN
    case 'card':
      return CARD
    case 'identity':
      return IDENTITY
    default:
      return []
  }
}

/** `undefined` for a number that says nothing in items of that type. */
export function linkedMember(type: ItemType, linkedId: number | null): LinkedMember | undefined {
  return linkedMembersOf(type).find(([id]) => id === linkedId)?.[1]
}

/** Whether what a linked field stands for is hidden until somebody wants to see it. */
export function isSecret(member: LinkedMember): boolean {
  return member === 'password' || member === 'number' || member === 'code'
}

/** What a linked field shows; empty where there is nothing. */
export function linkedValue(item: Item, linkedId: number | null): string {
  const member = linkedMember(item.type, linkedId)
  if (member === undefined) return ''
  if (member === 'fullName') return item.type === 'identity' ? fullNameOf(item.identity) : ''
  const part: Partial<Record<LinkedMember, unknown>> =
    item.type === 'login'
      ? item.login
      : item.type === 'card'
        ? item.card
        : item.type === 'identity'
          ? item.identity
          : {}
  return String(part[member] ?? '')
}

type Named = Readonly<Record<'title' | 'firstName' | 'middleName' | 'lastName', string | null>>

export function fullNameOf({ title, firstName, middleName, lastName }: Named): string {
  return [title, firstName, middleName, lastName].filter((name) => name !== null && name !== '').join(' ')
}
