/** Where the part of an item that is its type's own stands in requests and answers, by the type's number. */
export const TYPE_PARTS = {
  1: 'login',
  2: 'secureNote',
  3: 'card',
  4: 'identity',
  5: 'sshKey',
  6: 'bankAccount',
  7: 'driversLicense',
  8: 'passport',
} as const

export const LOGIN = 1
export const SECURE_NOTE = 2
export const SSH_KEY = 5

/** The types that can be stored. The later ones have no place in Vaultwarden's schema. */
export type StoredType = 1 | 2 | 3 | 4 | 5

export function isStoredType(type: number): type is StoredType {
  return Number.isInteger(type) && type >= LOGIN && type <= SSH_KEY
}
